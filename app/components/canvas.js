// Draws a Picture (resnet_tf/design/layout.py) as SVG: pan, zoom, fit, select. All positions come from Python.
// Boxes and paths scale with the view; words, circles and strokes keep a size that can be read and seen.
const SVG = "http://www.w3.org/2000/svg"
const STACK = 4 // sheets drawn for a folded stage, however many blocks it has
const SHEET = 3 // px from one sheet to the next
const LETTER = 6.8 // px, the width of a letter at 12 px
const LINE = 12 // px, the height of a word
const LEAST = 0.5 // a picture that would have to be smaller to be seen whole opens at
const OPENS = 0.7 // this scale instead, and one pans
const MOST = 4
const TALLEST = 1.7 // boxes are drawn up to so much taller than wide, to fill the canvas
const READABLE = [0.9, 1.1] // words keep to between these shares of their size
const FADE = 36 // px
const [NARROW, LOW] = [500, 250] // px: on a phone the canvas is lower, so that the numbers below it are in sight
const views = new WeakMap() // parentElement -> what outlives a redraw: viewport, level, names drawn, observer

const clamp = (least, x, most) => Math.min(most, Math.max(least, x))

const node = (name, attributes, ...children) => {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

// What stands at a point of the picture and keeps its own size; `turn` in degrees
const fixed = (kind, x, y, turn = 0) => ({
  style: `transform: translate(${x}px, ${y}px) scale(var(--${kind}x), var(--${kind}y)) rotate(${turn}deg)`,
})

// Words at a point, hidden where `room` (px of the picture, across and along) does not hold them
const words = (text, x, y, room, { turn = 0, ...attributes } = {}) =>
  node("text", { ...fixed("word", x, y, turn), dy: ".35em", "data-room": room.join(" "), "data-turn": turn, ...attributes }, text)

const box = (n, dx = 0, dy = 0, attributes = {}) =>
  node("rect", { x: n.x + dx, y: n.y + dy, width: n.w, height: n.h, rx: 2, ...attributes })

const drawGroup = g =>
  node("g", { class: "group" }, box(g), words(g.label, g.x, g.y, [g.w - 8, g.h], { dx: 8, dy: "1.3em" }))

function drawEdge(edge) {
  const g = node("g", { class: `edge ${edge.kind}`, "data-id": edge.id }, node("path", { d: edge.d }))
  if (edge.label && edge.kind !== "path") g.append(words(edge.label, edge.lx, edge.ly, [72, 99], { dy: "-.45em" }))
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

function drawBox(n) {
  const sheets = []
  for (let i = Math.min(n.count, STACK) - 1; i > 0; i--) sheets.push(box(n, SHEET * i, -SHEET * i, { class: "sheet" }))
  const middle = [n.x + n.w / 2, n.y + n.h / 2]
  const turn = n.w > n.h ? 0 : -90
  return [
    ...sheets,
    box(n),
    ...(n.label ? [words(n.label, ...middle, [n.w, n.h], { turn })] : []),
    ...(n.count > 1 ? [words(`× ${n.count}`, middle[0], n.y + n.h, [99, 99], { class: "count", dy: "1.3em" })] : []),
  ]
}

function drawNode(n, selected) {
  const chosen = Boolean(n.block) && n.block === selected
  const g = node("g", {
    class: `node ${n.kind} ${n.hue}${chosen ? " chosen" : ""}`, "data-id": n.id, "data-block": n.block,
    style: `--shade:${Math.round(n.shade * 100)}%`,
  })
  g.append(node("title", {}, n.detail), ...(n.kind === "join" ? [drawJoin(n)] : drawBox(n)))
  if (n.block && n.kind !== "join")
    for (const [key, value] of Object.entries({ tabindex: 0, role: "button", "aria-label": n.detail, "aria-pressed": chosen }))
      g.setAttribute(key, value)
  return g
}

// Puts the world where the view says; words that find no room at this scale are hidden
function place(world, view) {
  const { x, y, k, tall } = view
  world.setAttribute("transform", `translate(${x} ${y}) scale(${k} ${k * tall})`)
  if (world.drawnAt === k * tall) return
  world.drawnAt = k * tall
  const word = clamp(READABLE[0], k, READABLE[1])
  const ring = Math.min(word, 1.5 * k)
  for (const [name, size] of [["word", word], ["ring", ring]]) {
    world.style.setProperty(`--${name}x`, size / k)
    world.style.setProperty(`--${name}y`, size / (k * tall))
  }
  for (const t of world.querySelectorAll("[data-room]")) {
    const [w, h] = t.dataset.room.split(" ").map(Number)
    const [along, across] = t.dataset.turn === "0" ? [w * k, h * k * tall] : [h * k * tall, w * k]
    const longest = Math.max(...[t, ...t.children].map(line => line.children.length ? 0 : line.textContent.length))
    t.style.display = longest * LETTER * word <= along + 4 && LINE * word <= across + 3 ? "" : "none"
  }
}

// The view in which the whole picture is seen, or its beginning where it would be too small
function fitted(root, picture, height, least) {
  const width = root.clientWidth
  const whole = Math.min((width - 8) / picture.width, height / picture.height / 0.8, 1.25)
  const k = whole < least ? OPENS : whole
  const tall = clamp(0.8, (height - 8) / (picture.height * k), TALLEST)
  return { k, tall, x: Math.max(4, (width - picture.width * k) / 2), y: (height - picture.height * k * tall) / 2, fitted: true }
}

// Where the picture goes on beyond the canvas, it fades out
function fade(svg, { x, k }, picture, width) {
  const [left, right] = [x < -4 ? FADE : 0, x + picture.width * k > width + 4 ? FADE : 0]
  svg.style.maskImage = left || right ? `linear-gradient(90deg, transparent, #000 ${left}px calc(100% - ${right}px), transparent)` : ""
}

function zoomed(view, factor, cx, cy) {
  const k = clamp(0.05, view.k * factor, MOST)
  const share = k / view.k
  return { k, x: cx - (cx - view.x) * share, y: cy - (cy - view.y) * share, fitted: false }
}

// Pointers: drag to pan, pinch or Ctrl and wheel to zoom, a click to select
function point(svg, root, view, move, select) {
  const at = event => {
    const frame = root.getBoundingClientRect()
    return [event.clientX - frame.left, event.clientY - frame.top]
  }
  const touches = new Map()
  let from = null
  svg.onpointerdown = event => {
    touches.set(event.pointerId, at(event))
    from = { x: view.x, y: view.y, start: at(event), moved: false, block: event.target.closest?.("[data-block]")?.dataset.block }
  }
  svg.onpointermove = event => {
    if (!from || !touches.has(event.pointerId)) return
    const before = [...touches.values()]
    touches.set(event.pointerId, at(event))
    const [a, b] = [...touches.values()]
    if (b) {
      from.moved = true
      const factor = Math.hypot(a[0] - b[0], a[1] - b[1]) / Math.hypot(before[0][0] - before[1][0], before[0][1] - before[1][1])
      return move(zoomed(view, factor, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
    }
    const [dx, dy] = [a[0] - from.start[0], a[1] - from.start[1]]
    if (!from.moved && Math.hypot(dx, dy) < 4) return
    if (!from.moved) svg.setPointerCapture(event.pointerId)
    from.moved = true
    move({ x: from.x + dx, y: from.y + dy, fitted: false })
  }
  svg.onpointerup = event => {
    if (from && !from.moved && from.block) select(from.block)
    touches.delete(event.pointerId)
    from = null
  }
  svg.onpointercancel = event => { touches.delete(event.pointerId); from = null }
  svg.onwheel = event => {
    if (!event.ctrlKey && !event.metaKey) return // a plain wheel scrolls the page
    event.preventDefault()
    move(zoomed(view, Math.exp(-event.deltaY / 300), ...at(event)))
  }
}

// Keys: arrows walk the blocks and bring them into sight, Enter selects, Escape lets go
function key(svg, root, view, move, select, selected) {
  svg.onkeydown = event => {
    const from = event.target.closest?.(".node")
    if (!from) return
    const all = [...svg.querySelectorAll(".node[tabindex]")]
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step) all[clamp(0, all.indexOf(from) + step, all.length - 1)].focus()
    else if (event.key === "Enter" || event.key === " ") select(from.dataset.block)
    else if (event.key === "Escape" && selected) select(selected)
    else return
    event.preventDefault()
  }
  svg.addEventListener("focusin", event => {
    const [frame, seen] = [root.getBoundingClientRect(), event.target.getBoundingClientRect()]
    const off = Math.min(0, frame.right - 24 - seen.right) || Math.max(0, frame.left + 24 - seen.left)
    if (off) move({ x: view.x + off, fitted: false })
  })
}

export default function ({ parentElement, data: [data], setTriggerValue }) {
  const root = parentElement.querySelector(".canvas")
  const { picture, selected, interactive } = data
  const height = root.clientWidth < NARROW ? Math.min(data.height, LOW) : data.height
  let view = views.get(parentElement)
  if (!view) views.set(parentElement, (view = { fitted: true }))

  // the new picture is whole before it is swapped in, so that nothing flashes
  const known = view.level === picture.level ? view.names : null
  const world = node("g", {}, ...picture.groups.map(drawGroup), ...picture.edges.map(drawEdge), ...picture.nodes.map(n => drawNode(n, selected)))
  for (const g of world.querySelectorAll(".node")) g.classList.toggle("new", Boolean(known) && !known.has(g.dataset.id))
  const svg = node("svg", { class: "network", role: "group", "aria-label": data.label, width: "100%", height }, world)
  const old = root.querySelector(".network")
  const focused = old?.querySelector(".node:focus")?.dataset.id
  if (old) old.replaceWith(svg)
  else root.prepend(svg)

  const move = change => {
    place(world, Object.assign(view, change))
    fade(svg, view, picture, root.clientWidth)
  }
  const fit = (least = interactive ? LEAST : 0) => root.clientWidth && move(fitted(root, picture, height, least))
  if (view.level !== picture.level || view.fitted) fit()
  else move({})
  Object.assign(view, { level: picture.level, names: new Set(picture.nodes.map(n => n.id)), refit: () => view.fitted && fit() })
  if (!view.observer) {
    view.observer = new ResizeObserver(() => view.refit())
    view.observer.observe(root)
  }

  const select = block => {
    const next = block === selected ? null : block
    for (const g of svg.querySelectorAll(".node")) g.classList.toggle("chosen", next !== null && g.dataset.block === next) // at once
    setTriggerValue("chosen", block)
  }
  root.classList.toggle("still", !interactive)
  if (interactive) {
    point(svg, root, view, move, select)
    key(svg, root, view, move, select, selected)
    if (focused) svg.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  }
  const middle = [root.clientWidth / 2, height / 2]
  const acts = { fit: () => fit(0.05), in: () => move(zoomed(view, 1.3, ...middle)), out: () => move(zoomed(view, 1 / 1.3, ...middle)) }
  root.querySelector(".tools").onclick = event => acts[event.target.dataset.act]?.()
  root.querySelector(".legend").innerHTML = data.legend
  return () => {
    view.observer.disconnect()
    views.delete(parentElement)
  }
}
