// A network whose lines are as thick as what comes back along them, and the error on its way through it.
import { clamp, named, node } from "./svg.js"
import { path } from "./marks.js"

const STUB = 12 // px of a line that goes on in another row
const DOT = 3 // px, more than half as wide as the line that it is on
const LETTER = 6 // px
const SMALL = 8 // px, the width of a circle that has no room for a sign
const OFF = 4 // px from the end of a block to where the error is, before it goes through

const rounded = digits => norm => (norm === null ? "not measured" : String(Number(norm.toPrecision(digits))))
export const say = rounded(3)
const short = name => name.replace(/stage|block/g, "") // stage3.block2 as 3.2, as on the charts' axes

// A block in words
export function tells({ name, norms: [before, branch, around, after] }) {
  const back = around !== null ? `; back to its input by the branch ${say(branch)}, by the shortcut ${say(around)}`
    : before !== null ? `; back to its input ${say(before)}` : ""
  return `${named(name)}: norm of dE/dy ${say(after)}${back}`
}

// --- what is drawn of a piece

const line = (d, kind) => node("path", { d, class: kind })
const signal = (d, kind, width) => node("path", { d, class: `signal ${kind}`, style: `stroke-width: ${width}px` })

// The thick lines over an edge: those of the way back that it is a part of
function signals(edge, { drawing: { tap, width, edges } }, [before, branch, around, after]) {
  const hands = edges.some(each => each.kind === "identity") // an addition gives both of its ways the same
  const parts = edge.kind === "cut" ? [] : edge.level ? [[path(edge), around]]
    : edge.x0 === width ? [[path(edge), after, "out"]]
    : edge.x0 === 0 ? [[`M${tap} 0H${edge.x1}`, branch], [`M0 0H${tap}`, before]]
    : hands ? [[path(edge), around]] : []
  return parts.map(([d, width, kind = "within"]) => signal(d, kind, width))
}

// The circle where ways meet, round at any scale; its sign where there is room
function join({ x, y, w, label }, { k, tall }) {
  const sign = node("path", { d: label === "+" ? "M-3.5 0h7M0 -3.5v7" : "M-2 -3v6M2 -3v6" })
  const place = `translate(${x + w / 2} ${y + w / 2}) scale(1 ${k / tall})`
  return node("g", { class: "join", transform: place }, node("circle", { r: w / 2 }), ...(k * w < SMALL ? [] : [sign]))
}

function drawPiece(piece, block, scale) {
  const { nodes, edges, tap, width } = piece.drawing
  const g = node("g", { class: `piece ${piece.kind}` })
  if (block) {
    const top = Math.min(...nodes.map(n => n.y), ...edges.map(edge => edge.level)) - 4
    const low = Math.max(...nodes.map(n => n.y + n.h)) + 4
    g.append(node("rect", { class: "hold", x: tap - 4, y: top, width: width - tap + 8, height: low - top, rx: 3 }))
    const said = { "data-block": piece.name, role: "button", tabindex: -1, "aria-label": tells(block), style: `--shade: ${Math.round(100 * block.share)}%` }
    for (const [key, value] of Object.entries(said)) g.setAttribute(key, value)
  }
  for (const edge of edges) g.append(line(path(edge), `edge ${edge.kind}`))
  for (const edge of edges) g.append(...(block ? signals(edge, piece, block.widths) : []))
  for (const n of nodes) g.append(n.kind === "join" ? join(n, scale) : node("rect", { class: n.kind, x: n.x, y: n.y, width: n.w, height: n.h, rx: 2 }))
  return g
}

// A row: its pieces, the stages' names above them where there is room, and a line that goes on in the next
function drawRow(row, scale, blocks, goesOn) {
  const g = node("g", { class: "row" })
  const stages = new Map()
  for (const piece of row.pieces) {
    const drawn = drawPiece(piece, blocks.get(piece.name), scale)
    drawn.setAttribute("transform", `translate(${row.at(piece.x)} ${row.line}) scale(${scale.k} ${scale.tall})`)
    g.append(drawn)
    const stage = piece.kind === "input" ? "" : piece.name.split(".")[0]
    stages.set(stage, [...(stages.get(stage) ?? []), piece])
  }
  for (const [stage, [first, ...rest]] of stages) {
    const words = /^stage\d/.test(stage) ? named(stage) : stage
    const last = rest.at(-1) ?? first
    const [from, to] = [row.at(first.x + first.drawing.tap), row.at(last.x + last.drawing.width)]
    if (words && to - from + 12 > LETTER * words.length) g.append(node("text", { class: "stage", x: from, y: row.top + 11 }, words))
  }
  const last = row.pieces.at(-1)
  if (!goesOn) return g
  const d = `M${row.at(last.x + last.drawing.width)} ${row.line}h${STUB}`
  g.append(line(d, "edge path"), node("g", { class: "piece", "data-after": last.name }, signal(d, "out", blocks.get(last.name)?.widths[3] ?? 0)))
  return g
}

// --- where the error is

// Its places from the loss (0) over the end of each block, the last one first, to the image
function placesOf(rows, order, blocks) {
  const found = new Map(rows.flatMap(row => row.pieces.map(piece => [piece.name, { row, piece, x: row.at(piece.x + piece.drawing.width) + OFF }])))
  const last = found.get(order.at(-1))
  const out = Math.max(...last.piece.drawing.edges.map(edge => edge.x1))
  const loss = { row: last.row, x: last.row.at(last.piece.x + out), words: "loss", width: blocks.get(order.at(-1)).widths[3] }
  const ends = order.toReversed().map(name => {
    const block = blocks.get(name)
    return { ...found.get(name), name, block, words: `${short(name)}: ${rounded(2)(block.norms[3])}`, width: block.widths[3] }
  })
  return [loss, ...ends, { ...found.get("input"), words: "image", width: 0 }]
}

// The dots of the error between two places: on its way through a block there is one on each way
function dotsAt(p, places, tall, arcs) {
  const [i, part] = [Math.floor(p), p - Math.floor(p)]
  const { row, x, piece, block, width } = places[i]
  if (!part) return { row, dots: [[x, row.line, width]] }
  if (!piece || !block) return { row, dots: [[x + (places[i + 1].x - x) * part, row.line, width]] }
  const { tap, nodes } = piece.drawing
  const plus = nodes.find(n => n.kind === "join")
  const from = row.at(piece.x) + OFF
  const here = x + (from - x) * part
  const dots = [[here, row.line, block.widths[plus ? 1 : 0] || width]]
  const arc = arcs.get(block.name)
  if (plus && arc) {
    const [left, right] = [row.at(piece.x + tap), row.at(piece.x + plus.x + plus.w / 2)]
    const along = clamp(0, (here - left) / (right - left), 1)
    const { x: ax, y: ay } = arc.getPointAtLength(along * arc.getTotalLength())
    if (along > 0 && along < 1) dots.push([row.at(piece.x + ax), row.line + ay * tall, block.widths[2]])
  }
  return { row, dots }
}

// The drawing of a side in its rows. `show(p)` has the error at a place, `places` are all of them.
export function course(side, { rows, width, scale }) {
  const blocks = new Map(side.blocks.map(([name, norms, widths, share]) => [name, { name, norms, widths, share }]))
  const order = side.blocks.map(([name]) => name)
  const svg = node("svg", { class: "network", width, height: rows.at(-1).bottom, role: "group", "aria-label": `${side.title}: the error at every block` })
  svg.append(...rows.map(row => drawRow(row, scale, blocks, row !== rows.at(-1))))
  const places = placesOf(rows, order, blocks)
  svg.append(node("text", { class: "loss", x: places[0].x + 4, y: places[0].row.line, dy: ".35em" }, "E"))

  const head = node("path", { class: "head" })
  const words = node("text", { class: "now" })
  const dots = [node("circle"), node("circle")]
  svg.append(node("g", { class: "pulse", "aria-hidden": true }, head, ...dots, words))
  const pieces = order.map(name => svg.querySelectorAll(`[data-block="${CSS.escape(name)}"], [data-after="${CSS.escape(name)}"]`))
  const arcs = new Map(order.map(name => [name, svg.querySelector(`[data-block="${CSS.escape(name)}"] .edge:not(.path, .cut)`)]))

  const show = p => {
    const came = Math.floor(p) // places
    pieces.forEach((drawn, i) => drawn.forEach(g => {
      g.classList.toggle("arrived", i >= order.length - came)
      g.classList.toggle("passed", i > order.length - came)
    }))
    const { row, dots: at } = dotsAt(p, places, scale.tall, arcs)
    dots.forEach((dot, i) => {
      dot.toggleAttribute("hidden", !at[i])
      if (!at[i]) return
      const [cx, cy, wide] = at[i]
      for (const [key, value] of Object.entries({ cx, cy, r: DOT + wide / 2 })) dot.setAttribute(key, value)
    })
    const [[x]] = at
    head.setAttribute("d", `M${x} ${row.top + 14}V${row.low + 4}`)
    const text = places[came].words
    words.textContent = text
    const half = (LETTER * text.length) / 2
    words.setAttribute("x", clamp(half, x, Math.max(width - half, half)))
    words.setAttribute("y", row.low + 14)
  }
  return { svg, places, blocks, show }
}
