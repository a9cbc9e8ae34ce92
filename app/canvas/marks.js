// How a piece is drawn. Boxes and paths scale with the view; words, circles and strokes keep a size that can be read.
import { named, node, clamp } from "./svg.js"
import { says } from "./scene.js"

const STACK = 4 // sheets drawn for a folded stage, however many blocks it has
const SHEET = 3 // px from one sheet to the next
const CORNER = 9 // px, radius of an arc's corners
const LETTER = 6.8 // px, the width of a letter at 12 px
const LINE = 12 // px, the height of a word
const TOP = 6 // px, of a stage's ground
const HEADING = 18 // px from there to that of a block in it
export const PLAIN = 20 // px: a piece that is narrower on the screen is drawn plainly

// What stands at a point of the picture and keeps its own size; `turn` in degrees
const fixed = (kind, x, y, turn = 0) => ({
  style: `transform: translate(${x}px, ${y}px) scale(var(--${kind}x), var(--${kind}y)) rotate(${turn}deg)`,
})

// Words at a point, hidden where `room` (px of the picture, across and along) does not hold them
const words = (text, x, y, room, { turn = 0, ...attributes } = {}) =>
  node("text", { ...fixed("word", x, y, turn), dy: ".35em", "data-room": room.join(" "), "data-turn": turn, ...attributes }, text)

const box = (n, dx = 0, dy = 0, attributes = {}) =>
  node("rect", { x: n.x + dx, y: n.y + dy, width: n.w, height: n.h, rx: 2, ...attributes })

// From the line up (or down) to a level, across, and back to the line
export function path({ kind, x0, x1, level }) {
  if (!level) return `M${x0} 0H${x1}`
  const r = Math.min(CORNER, (x1 - x0) / 2)
  const turn = level + (level < 0 ? r : -r)
  const end = (x1 - x0 - 2 * r) / 4 // of one that was cut: the middle is free
  if (kind === "cut") return `M${x0} 0V${turn}Q${x0} ${level} ${x0 + r} ${level}h${end}M${x1} 0V${turn}Q${x1} ${level} ${x1 - r} ${level}h${-end}`
  return `M${x0} 0V${turn}Q${x0} ${level} ${x0 + r} ${level}H${x1 - r}Q${x1} ${level} ${x1} ${turn}V0`
}

// How thick an edge is drawn where lines stand for something: that which leads to a piece's box, and that around it
const thickness = ({ kind, x0 }, [branch, around]) => {
  const width = kind !== "path" && kind !== "cut" ? around : kind === "path" && !x0 ? branch : 0
  return width ? { style: `stroke-width: ${width}px` } : {}
}

function drawEdge(edge, widths) {
  const g = node("g", { class: `edge ${edge.kind}` }, node("path", { d: path(edge), ...thickness(edge, widths) }))
  if (edge.label && edge.level) g.append(words(edge.label, edge.lx, edge.ly, [72, 99], { dy: "-.45em" }))
  else if (edge.label) g.append(drawShape(edge))
  return g
}

// A shape in two lines, `56×56` over `256`, so that it finds room between two stages
function drawShape(edge) {
  const sides = edge.label.split("×")
  const channels = sides.pop()
  const text = words("", edge.lx, edge.ly, [92, 99])
  text.append(node("tspan", { x: 0 }, sides.join("×")), node("tspan", { x: 0, dy: sides.length ? "1.15em" : 0 }, channels))
  return text
}

const drawJoin = n =>
  node("g", fixed("ring", n.x + n.w / 2, n.y + n.h / 2), node("circle", { r: n.w / 2 }), node("text", { dy: ".35em" }, n.label))

function drawBox(n, value) {
  const sheets = []
  for (let i = Math.min(n.count, STACK) - 1; i > 0; i--) sheets.push(box(n, SHEET * i, -SHEET * i, { class: "sheet" }))
  const middle = [n.x + n.w / 2, n.y + n.h / 2]
  const turn = n.w > n.h ? 0 : -90
  const long = value && n.label ? `${n.label} · ${value}` : ""
  return [
    ...sheets,
    box(n),
    ...(n.label ? [words(n.label, ...middle, [n.w, n.h], { turn, ...(long && { "data-long": long, "data-short": n.label }) })] : []),
    ...(n.count > 1 ? [words(`× ${n.count}`, middle[0], n.y + n.h, [99, 99], { class: "count", dy: "1.3em" })] : []),
  ]
}

// A box that one can choose; `shade` gives its share (0 to 1) and its number in words
function drawNode(piece, n, shade) {
  const boxed = n.kind === "block" || n.kind === "layer"
  const { share, shown } = boxed ? shade(n, piece) : { share: 0, shown: "" }
  const g = node("g", { class: `node ${n.kind} ${n.hue}`, "data-id": piece.name + n.id, style: `--shade:${Math.round(share * 100)}%` })
  g.append(...(n.kind === "join" ? [drawJoin(n)] : drawBox(n, shown)))
  if (boxed)
    for (const [key, value] of Object.entries({ tabindex: -1, role: "button", "aria-label": says(piece, n), "aria-pressed": false }))
      g.setAttribute(key, value)
  return g
}

// The ground of a stage, or of an open block on it; its heading folds it
export function drawGround({ name, w, block, isOpen }, { bottom }) {
  const top = TOP + (block ? HEADING : 0)
  const ground = { x: 0, y: top, w, h: bottom - top - (block ? 4 : 0) }
  const title = named(block ? name.slice(name.indexOf(".") + 1) : name)
  const heading = words(title, 0, top, [w + 20, 30], { dx: 18, dy: "1.2em" })
  const chevron = node("g", fixed("word", 0, top), node("path", { d: isOpen ? "M7 8l3.5 4 3.5-4" : "M9 6l4 4-4 4" }))
  const bar = node("rect", { class: "heading", x: 0, y: top, width: w, height: 22, "data-turn-part": name })
  const g = node("g", { class: block ? "ground block" : "ground", "data-ground": name }, box(ground), bar, chevron, heading)
  if (!block && /^stage\d/.test(name)) g.append(...edges(name, ground))
  return g
}

// What a stage is dragged by: its top edge for the width, its right edge for the depth
function edges(name, { w, y, h }) {
  const held = { class: "edge-of-stage", "data-drag-stage": name }
  return [
    node("rect", { ...held, "data-drag": "width", x: -4, y: -4, width: 8, height: 8, style: `transform: translate(${w / 2}px, ${y}px) scale(${w / 8}, var(--wordy))` }),
    node("rect", { ...held, "data-drag": "blocks", x: -5, y: 0, width: 10, height: h, style: `transform: translate(${w}px, ${y}px) scale(var(--wordx), 1)` }),
  ]
}

// A piece in full
export function drawPiece(piece, scene, shade, widths) {
  const { drawing, kind, name } = piece
  const g = node("g", { class: `piece ${kind}`, "data-piece": name })
  if (kind === "layers" && name.includes(".")) {
    const x = drawing.tap - 8
    const ground = drawGround({ name, w: drawing.width + 6 - x, block: true, isOpen: true }, scene)
    ground.setAttribute("transform", `translate(${x} ${-scene.line})`)
    g.append(ground)
  }
  g.append(...drawing.edges.map(edge => drawEdge(edge, widths)), ...drawing.nodes.map(n => drawNode(piece, n, shade)))
  return g
}

// A piece that is too small for words: its boxes, and its arcs as one path
export function drawPlain(piece, shade, widths) {
  const { edges, nodes } = piece.drawing
  const g = node("g", { class: `piece plain ${piece.kind}`, "data-piece": piece.name })
  for (const kind of new Set(edges.map(edge => edge.kind)))
    g.append(node("g", { class: `edge ${kind}` }, node("path", { d: edges.filter(e => e.kind === kind).map(path).join(""), ...thickness({ kind, x0: 0 }, widths) })))
  const boxes = nodes.filter(n => n.kind !== "join")
  for (const n of boxes.length > 2 ? [heaviest(piece, boxes, shade)] : boxes) {
    const made = drawNode(piece, { ...n, label: "", count: 1 }, shade)
    g.append(made)
  }
  return g
}

const heaviest = (piece, boxes, shade) => boxes.reduce((a, b) => (shade(b, piece).share > shade(a, piece).share ? b : a))

// Shows the words that find room at this scale, the longer ones where both do
export function fitWords(g, { k, tall }) {
  const word = wordSize(k)
  for (const t of g.querySelectorAll("[data-room]")) {
    const [w, h] = t.dataset.room.split(" ").map(Number)
    const [along, across] = t.dataset.turn === "0" ? [w * k, h * k * tall] : [h * k * tall, w * k]
    const holds = length => length * LETTER * word <= along + 4 && LINE * word <= across + 3
    if (t.dataset.long) t.textContent = holds(t.dataset.long.length + 1) ? t.dataset.long : t.dataset.short
    const longest = Math.max(...[t, ...t.children].map(line => (line.children.length ? 0 : line.textContent.length)))
    t.style.display = holds(longest) ? "" : "none"
  }
}

// Words keep to between these shares of their size
export const wordSize = k => clamp(0.9, k, 1.1)
