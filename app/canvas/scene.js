// A picture as it comes from Python (resnet_tf/design/picture.py, `packed`), unpacked: its pieces from left to right.
import { named } from "./svg.js"

const OUT = 28 // px of the line that leads out
const tenth = x => Math.round(10 * x) / 10

const drawingOf = row => {
  const [width, tap, nodes, edges] = row
  return {
    width, tap, like: JSON.stringify(row),
    nodes: nodes.map(([id, kind, hue, label, says, x, y, w, h, count, ahead, facts]) =>
      ({ id, kind, hue, label, says, x, y, w, h, count, ahead, facts })),
    edges: edges.map(([kind, x0, x1, level, label, lx, ly]) => ({ kind, x0, x1, level, label, lx, ly })),
  }
}

function piecesOf(runs, drawings) {
  const pieces = []
  for (const [drawing, kind, first, count, x, pitch, sees, further] of runs) {
    const [, root, number] = first.match(/^(.*?)(\d*)$/)
    for (let i = 0; i < count; i++) {
      const name = count > 1 ? root + (Number(number) + i) : first
      pieces.push({ name, kind, x: tenth(x + pitch * i), sees: sees + further * i, drawing: drawings[drawing] })
    }
  }
  const last = pieces[pieces.length - 1]
  const { width, edges, like } = last.drawing
  const out = { kind: "path", x0: width, x1: width + OUT, level: 0, label: "" }
  last.drawing = { ...last.drawing, like: `${like} out`, edges: [...edges, out] }
  return pieces
}

export function unpack({ size: [width, height, line, bottom], level, drawings, runs, stages }) {
  const pieces = piecesOf(runs, drawings.map(drawingOf))
  const grounds = stages.map(([name, x, w]) => ({ name, x, w }))
  return { width, height, line, bottom, level, pieces, grounds, byName: new Map(pieces.map(p => [p.name, p])) }
}

// The pieces that are between two places: [from, to)
export function between({ pieces }, x0, x1) {
  const first = (test, low = 0, high = pieces.length) => {
    while (low < high) {
      const middle = (low + high) >> 1
      if (test(pieces[middle])) high = middle
      else low = middle + 1
    }
    return low
  }
  return [first(p => p.x + p.drawing.width >= x0), first(p => p.x > x1)]
}

// One line of a box: its name, what comes out, what it costs, how far it sees
export function says(piece, n) {
  const name = piece.kind === "input" ? "image" : named(piece.name + n.id)
  return name + n.says + (n.kind === "block" || n.kind === "layer" ? `, sees ${(piece.sees - n.ahead).toLocaleString("en")} px` : "")
}

// The largest value of a measure among the boxes
export function most({ pieces }, measure) {
  let found = 0
  for (const drawing of new Set(pieces.map(piece => piece.drawing)))
    for (const n of drawing.nodes) if (n.kind === "block" || n.kind === "layer") found = Math.max(found, measure(n.facts))
  return found
}

// The stage of a part, the part that it is inside of
export const stageOf = name => name.split(".")[0]
