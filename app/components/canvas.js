// Draws a Picture (resnet_tf/design/layout.py) as SVG: pan, zoom, fit, select. All positions come from Python.
const SVG = "http://www.w3.org/2000/svg"
const STACK = 4 // sheets drawn for a folded stage, however many blocks it has
const SHEET = 3 // px from one sheet to the next
const LEAST = 0.45 // of the scale a picture opens at: below it labels cannot be read, so one pans instead
const MOST = 4
const views = new WeakMap() // parentElement -> what outlives a redraw: viewport, picture's level, observer

const node = (name, attributes, ...children) => {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

const text = (words, x, y, attributes = {}) => node("text", { x, y, ...attributes }, words)

function drawGroup(group) {
  return node("g", { class: "group" },
    node("rect", { x: group.x, y: group.y, width: group.w, height: group.h, rx: 4 }),
    text(group.label, group.x + 8, group.y + 15))
}

function drawEdge(edge) {
  const g = node("g", { class: `edge ${edge.kind}`, "data-id": edge.id }, node("path", { d: edge.d }))
  if (edge.label) g.append(text(edge.label, edge.lx, edge.kind === "path" ? edge.ly : edge.ly - 4))
  return g
}

function drawNode(n, selected) {
  const chosen = n.block && n.block === selected
  const g = node("g", {
    class: `node ${n.kind} ${n.hue}${chosen ? " chosen" : ""}`, "data-id": n.id, "data-block": n.block,
    style: `--shade:${Math.round(n.shade * 100)}%`,
  })
  if (n.kind === "join") {
    const r = n.w / 2
    g.append(node("circle", { cx: n.x + r, cy: n.y + r, r }), text(n.label, n.x + r, n.y + r + 4))
  } else {
    for (let i = Math.min(n.count, STACK) - 1; i > 0; i--)
      g.append(node("rect", { class: "sheet", x: n.x + SHEET * i, y: n.y - SHEET * i, width: n.w, height: n.h, rx: 2 }))
    g.append(node("rect", { x: n.x, y: n.y, width: n.w, height: n.h, rx: 2 }))
    const [cx, cy] = [n.x + n.w / 2, n.y + n.h / 2]
    const upright = n.w > n.h
    if (n.label && Math.min(n.w, n.h) > 12)
      g.append(text(n.label, 0, 4, { transform: `translate(${cx} ${cy})${upright ? "" : " rotate(-90)"}` }))
    if (n.count > 1) g.append(text(`× ${n.count}`, cx, n.y + n.h + 15, { class: "count" }))
  }
  g.append(node("title", {}, n.detail))
  if (n.block && n.kind !== "join") {
    g.setAttribute("tabindex", "0")
    g.setAttribute("role", "button")
    g.setAttribute("aria-label", n.detail)
    g.setAttribute("aria-pressed", chosen)
  }
  return g
}

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".canvas")
  const { picture, selected, interactive, height } = data
  let view = views.get(parentElement)
  if (!view) views.set(parentElement, (view = { fitted: true }))

  // the new picture is whole before it is swapped in, so that nothing flashes
  const world = node("g", {})
  world.append(...picture.groups.map(drawGroup), ...picture.edges.map(drawEdge), ...picture.nodes.map(n => drawNode(n, selected)))
  const svg = node("svg", { role: "group", "aria-label": data.label, width: "100%", height }, world)
  root.querySelector("svg")?.replaceWith(svg) ?? root.prepend(svg)

  const place = () => world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`)
  const fit = (least = LEAST) => {
    const { width } = root.getBoundingClientRect()
    if (!width) return
    const k = Math.min(1.25, Math.max(least, Math.min((width - 8) / picture.width, height / picture.height)))
    Object.assign(view, { k, x: Math.max(4, (width - picture.width * k) / 2), y: (height - picture.height * k) / 2, fitted: true })
    place()
  }
  const zoom = (factor, cx, cy) => {
    const k = Math.min(MOST, Math.max(0.05, view.k * factor))
    Object.assign(view, { x: cx - (cx - view.x) * (k / view.k), y: cy - (cy - view.y) * (k / view.k), k, fitted: false })
    place()
  }
  const middle = () => [root.clientWidth / 2, height / 2]

  if (view.level !== picture.level || view.fitted) fit()
  else place()
  view.level = picture.level
  view.refit = () => view.fitted && fit()
  if (!view.observer) {
    view.observer = new ResizeObserver(() => view.refit())
    view.observer.observe(root)
  }

  const select = id => setStateValue("selected", id === selected ? null : id)
  const blockAt = event => event.target.closest?.("[data-block]")?.dataset.block

  if (interactive) {
    let from = null
    const touches = new Map()
    const spread = () => {
      const [a, b] = [...touches.values()]
      return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
    }
    svg.onpointerdown = event => {
      touches.set(event.pointerId, event)
      from = { x: event.clientX - view.x, y: event.clientY - view.y, sx: event.clientX, sy: event.clientY, moved: false, block: blockAt(event) }
      if (touches.size === 2) from.spread = spread()
    }
    svg.onpointermove = event => {
      if (!from || !touches.has(event.pointerId)) return
      touches.set(event.pointerId, event)
      if (touches.size === 2) {
        const now = spread()
        const box = root.getBoundingClientRect()
        const [a, b] = [...touches.values()]
        zoom(now / from.spread, (a.clientX + b.clientX) / 2 - box.left, (a.clientY + b.clientY) / 2 - box.top)
        from.spread = now
        from.moved = true
        return
      }
      if (!from.moved && Math.hypot(event.clientX - from.sx, event.clientY - from.sy) < 4) return
      if (!from.moved) svg.setPointerCapture(event.pointerId)
      from.moved = true
      Object.assign(view, { x: event.clientX - from.x, y: event.clientY - from.y, fitted: false })
      place()
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
      const box = root.getBoundingClientRect()
      zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top)
    }
    svg.onkeydown = event => {
      const at = event.target.closest?.(".node")
      if (!at) return
      const all = [...svg.querySelectorAll(".node[tabindex]")]
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
      if (step) {
        event.preventDefault()
        all[Math.min(all.length - 1, Math.max(0, all.indexOf(at) + step))].focus()
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault()
        select(at.dataset.block)
      } else if (event.key === "Escape" && selected) select(selected)
    }
  }

  const tools = root.querySelector(".tools")
  tools.hidden = !interactive
  tools.onclick = event => {
    const act = { fit: () => fit(0.05), in: () => zoom(1.3, ...middle()), out: () => zoom(1 / 1.3, ...middle()) }[event.target.dataset.act]
    act?.()
  }
  root.querySelector(".legend").innerHTML = data.legend
  return () => {
    view.observer?.disconnect()
    views.delete(parentElement)
  }
}
