// Networks in rows: the pieces of a scene where a strip of them would be too long to be seen whole. Networks beside
// each other break at the same blocks, at one scale.
import { clamp } from "./svg.js"

const [LARGEST, LEAST] = [0.9, 0.38] // of the canvas' scale, across
const [TALLEST, LOWEST] = [1.25, 0.36] // along
const [TOP, BOTTOM] = [16, 18] // px of a row above its arcs and below its boxes, for words
const ASIDE = 16 // px at either end of a row: a line that goes on, the loss

const reach = ({ x, drawing: { width, edges } }) => x + Math.max(width, ...edges.map(edge => edge.x1)) // the line that leads out too

// Greedily, as many pieces in a row as find room
function broken(pieces, room) {
  const rows = []
  for (const piece of pieces) {
    if (rows.length && reach(piece) - rows.at(-1)[0].x <= room) rows.at(-1).push(piece)
    else rows.push([piece])
  }
  return rows
}

// So many rows at most, and none longer than it must be
function even(pieces, count) {
  let [low, high] = [0, reach(pieces.at(-1))]
  while (high - low > 4) {
    const middle = (low + high) / 2
    if (broken(pieces, middle).length > count) low = middle
    else high = middle
  }
  return broken(pieces, high)
}

const span = row => [
  -Math.min(...row.flatMap(({ drawing: { nodes, edges } }) => [...nodes.map(n => n.y), ...edges.map(edge => edge.level)])),
  Math.max(...row.flatMap(({ drawing: { nodes } }) => nodes.map(n => n.y + n.h))),
]

function laidOut(rows, k, tall) {
  let y = 0
  return rows.map(row => {
    const [above, below] = span(row)
    const line = y + TOP + above * tall
    const made = { pieces: row, top: y, line, low: line + below * tall, at: x => ASIDE + (x - row[0].x) * k }
    y = made.low + BOTTOM
    return { ...made, bottom: y }
  })
}

function split(pieces, starts) {
  const rows = []
  for (const piece of pieces) {
    if (!rows.length || starts.has(piece.name)) rows.push([])
    rows.at(-1).push(piece)
  }
  return rows
}

// The rows of each scene and their scales, `k` across and `tall` along: as few rows as one can still tell blocks apart in
export function inRows(scenes, width, height) {
  const longest = scenes.reduce((a, b) => (b.width > a.width ? b : a))
  for (let count = 1; ; count++) {
    const rows = even(longest.pieces, count)
    const k = Math.min((width - 2 * ASIDE) / Math.max(...rows.map(row => reach(row.at(-1)) - row[0].x)), LARGEST)
    if (k < LEAST && rows.some(row => row.length > 1)) continue
    const drawn = rows.reduce((sum, row) => sum + span(row)[0] + span(row)[1], 0)
    const tall = clamp(LOWEST, (height - rows.length * (TOP + BOTTOM)) / drawn, TALLEST)
    const starts = new Set(rows.map(([first]) => first.name))
    return { k, tall, all: scenes.map(({ pieces }) => laidOut(split(pieces, starts), k, tall)) }
  }
}
