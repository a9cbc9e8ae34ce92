// Surfaces of one height scale beside each other, turned together: height fields on a canvas, far quads before near ones.
// Not WebGL: many machines have none, and four hundred quads need none.
const states = new WeakMap() // parentElement -> {turn, tilt}: outlive new data
const RAMP = {
  light: ["#0d3566", "#205494", "#3670b5", "#578cca", "#7fa9da", "#a9c6e8", "#d3e2f3"],
  dark: ["#27466b", "#3a6391", "#4c7db1", "#5f97cd", "#86b5e4", "#b3d2f2", "#dcebfa"],
}
const FIRST = { turn: 0.65, tilt: 0.9 } // into the valley
const ABOVE = Math.PI / 2
const STEEP = 1.3 // from here on it is seen from above, and has no heights
const TALL = 1.1 // height of the box, where its half side is 1
const PER_PX = 0.008 // radians
const STEP = 0.12 // radians of an arrow key
const NEAR = 22 // px

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}
const said = loss => loss === null ? "no number" : Number(loss.toPrecision(3)).toString()
const clamp = (value, low, high) => Math.min(Math.max(value, low), high)

// --- where things stand

// Heights from 0 to 1 of losses on a logarithmic scale that ends at both ends; what is no number stands at the top
const heightOf = ({ low, high }) => loss => loss === null ? 1 : clamp(Math.log(Math.max(loss, low) / low) / Math.log(high / low), 0, 1)

function viewer({ turn, tilt }, size) {
  const [c, s, up, flat] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)]
  const unit = Math.min(size.width / 3.5, size.height / 2.9)
  const middle = [size.width / 2, size.height / 2]
  return {
    depth: (x, y) => x * s + y * c,
    at: (x, y, z) => [
      middle[0] + unit * (x * c - y * s),
      middle[1] + unit * ((x * s + y * c) * flat - (z - 0.42) * TALL * up),
    ],
  }
}

const CORNERS = [[-1, -1], [1, -1], [1, 1], [-1, 1]]

// --- what is drawn

function colours(root) {
  const style = getComputedStyle(root)
  const [ink, paper] = ["--st-text-color", "--st-background-color"].map(name => style.getPropertyValue(name).trim())
  const probe = document.createElement("canvas").getContext("2d")
  probe.fillStyle = paper || "#fff"
  const light = parseInt(probe.fillStyle.slice(3, 5), 16) > 127
  return { ink, paper, ramp: RAMP[light ? "light" : "dark"], font: style.getPropertyValue("--st-font") || "sans-serif" }
}

function shade(ramp, height) {
  const place = clamp(height, 0, 1) * (ramp.length - 1)
  const [i, part] = [Math.min(Math.floor(place), ramp.length - 2), place - Math.min(Math.floor(place), ramp.length - 2)]
  const mixed = [1, 3, 5].map(k => {
    const [a, b] = [ramp[i], ramp[i + 1]].map(hex => parseInt(hex.slice(k, k + 2), 16))
    return Math.round(a + (b - a) * part)
  })
  return `rgb(${mixed.join(" ")})`
}

function path(pen, points) {
  pen.beginPath()
  points.forEach(([x, y], i) => i ? pen.lineTo(x, y) : pen.moveTo(x, y))
}

// The floor, its directions along the edges that are nearest, and the scale of heights at the leftmost corner
function box(pen, view, data, look, tilt) {
  pen.strokeStyle = look.ink
  pen.globalAlpha = 0.22
  pen.lineWidth = 1
  path(pen, CORNERS.map(([x, y]) => view.at(x, y, 0)))
  pen.closePath()
  pen.stroke()
  pen.globalAlpha = 1
  pen.fillStyle = look.ink
  pen.font = `11.5px ${look.font}`
  pen.textBaseline = "middle"
  const words = (text, [x, y], align) => {
    pen.textAlign = align
    pen.globalAlpha = 0.75
    pen.fillText(text, x, y)
    pen.globalAlpha = 1
  }
  const reach = data.steps.at(-1)
  CORNERS.forEach((from, i) => {
    const to = CORNERS[(i + 1) % 4]
    const [mx, my] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]
    if (view.depth(mx, my) <= 0.05) return
    const [x, y] = view.at(mx * 1.12, my * 1.12, 0)
    const [cx] = view.at(0, 0, 0)
    words(mx ? "second direction" : "first direction", [x, y + 9], x < cx ? "right" : "left")
  })
  for (const [x, y] of CORNERS) if (view.depth(x, y) > 0.05) words(`${x * reach}, ${y * reach}`, view.at(x * 1.16, y * 1.16, 0), "center")
  if (tilt > STEEP) return // from above there are no heights
  const [x, y] = CORNERS.reduce((best, corner) => view.at(...corner, 0)[0] < view.at(...best, 0)[0] ? corner : best)
  pen.globalAlpha = 0.3
  path(pen, [view.at(x, y, 0), view.at(x, y, 1)])
  pen.stroke()
  pen.globalAlpha = 1
  const height = heightOf(data)
  for (const tick of data.ticks) {
    const [px, py] = view.at(x, y, height(tick))
    words(said(tick), [px - 7, py], "right")
    path(pen, [[px - 4, py], [px, py]])
    pen.globalAlpha = 0.4
    pen.stroke()
    pen.globalAlpha = 1
  }
}

function field(pen, view, data, losses, look) {
  const { steps } = data
  const reach = steps.at(-1)
  const height = heightOf(data)
  const heights = losses.map(row => row.map(height))
  const quads = []
  for (let i = 0; i + 1 < steps.length; i++)
    for (let j = 0; j + 1 < steps.length; j++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]]
      const middle = corners.reduce((sum, [a, b]) => sum + heights[a][b], 0) / 4
      const depth = view.depth((steps[i] + steps[i + 1]) / 2 / reach, (steps[j] + steps[j + 1]) / 2 / reach)
      quads.push({ depth, middle, points: corners.map(([a, b]) => view.at(steps[a] / reach, steps[b] / reach, heights[a][b])) })
    }
  quads.sort((a, b) => a.depth - b.depth)
  pen.lineWidth = 0.6
  pen.lineJoin = "round"
  for (const { middle, points } of quads) {
    path(pen, points)
    pen.closePath()
    pen.fillStyle = pen.strokeStyle = shade(look.ramp, middle)
    pen.fill()
    pen.stroke() // no gaps between quads
    pen.strokeStyle = look.paper
    pen.globalAlpha = 0.35
    pen.stroke()
    pen.globalAlpha = 1
  }
}

function dot(pen, [x, y], look, hue) {
  pen.beginPath()
  pen.arc(x, y, 4.5, 0, 2 * Math.PI)
  pen.fillStyle = hue
  pen.fill()
  pen.lineWidth = 1.6
  pen.strokeStyle = look.paper
  pen.stroke()
}

function legend(data, look, state, onAbove) {
  const stops = look.ramp.map((colour, i) => `${colour} ${100 * i / (look.ramp.length - 1)}%`)
  const height = heightOf(data)
  const bar = element("div", { class: "bar", style: `background: linear-gradient(to right, ${stops.join(", ")})` })
  const ticks = data.ticks.map(tick => element("span", { style: `left: ${100 * height(tick)}%` }, said(tick)))
  const button = element("button", { type: "button" }, state.tilt > STEEP ? "From the side" : "From above")
  button.onclick = onAbove
  return element("div", { class: "legend" }, element("b", {}, data.unit), element("div", { class: "scale" }, bar, ...ticks), button)
}

// --- the component

function panel(surface, data, state, redraw) {
  const canvas = element("canvas", { "aria-hidden": true })
  const tip = element("div", { class: "tip", hidden: "" })
  const label = `${surface.title}: ${data.label}. Arrow keys turn it`
  const sheet = element("div", { class: "sheet", tabindex: 0, role: "application", "aria-label": label }, canvas, tip)
  const figure = element("figure", {}, element("figcaption", {}, element("b", {}, surface.title), element("small", {}, surface.note)), sheet)
  const reach = data.steps.at(-1)
  const height = heightOf(data)
  let view, look, pointed

  const draw = root => {
    const width = sheet.clientWidth
    if (!width) return
    const size = { width, height: Math.min(Math.round(width * 0.72), 430) }
    sheet.style.height = `${size.height}px`
    look = colours(root)
    const ratio = globalThis.devicePixelRatio || 1
    Object.assign(canvas, { width: Math.round(size.width * ratio), height: Math.round(size.height * ratio) })
    const pen = canvas.getContext("2d")
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    view = viewer(state, size)
    box(pen, view, data, look, state.tilt)
    field(pen, view, data, surface.losses, look)
    const middle = (data.steps.length - 1) / 2
    dot(pen, view.at(0, 0, height(surface.losses[middle][middle])), look, "#c07a2c")
    if (pointed) dot(pen, pointed.place, look, look.ink)
  }
  const nearest = (x, y) => {
    let [found, least] = [null, NEAR]
    surface.losses.forEach((row, i) => row.forEach((loss, j) => {
      const [first, second] = [data.steps[i], data.steps[j]]
      const place = view.at(first / reach, second / reach, height(loss))
      const away = Math.hypot(place[0] - x, place[1] - y) - 1e-3 * view.depth(first, second) // of two, the one in front
      if (away < least) [found, least] = [{ place, loss, first, second }, away]
    }))
    return found
  }
  const point = found => {
    pointed = found
    tip.toggleAttribute("hidden", !found)
    if (!found) return
    tip.textContent = `loss ${said(found.loss)} at ${found.first}, ${found.second}`
    const [x, y] = found.place
    tip.style.left = `${clamp(x + 12, 0, Math.max(sheet.clientWidth - tip.offsetWidth, 0))}px`
    tip.style.top = `${Math.max(y - tip.offsetHeight - 10, 0)}px`
  }
  let last = null
  sheet.onpointerdown = event => {
    if (event.button) return
    last = [event.clientX, event.clientY]
    sheet.setPointerCapture(event.pointerId)
    point(null)
  }
  sheet.onpointermove = event => {
    if (last) {
      turned(state, (event.clientX - last[0]) * PER_PX, (event.clientY - last[1]) * PER_PX)
      last = [event.clientX, event.clientY]
      return redraw()
    }
    const frame = sheet.getBoundingClientRect()
    point(nearest(event.clientX - frame.left, event.clientY - frame.top))
    redraw()
  }
  sheet.onpointerup = sheet.onpointercancel = () => { last = null }
  sheet.onpointerleave = () => { if (!last) { point(null); redraw() } }
  sheet.onkeydown = event => {
    const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key]
    if (!by) return
    event.preventDefault()
    turned(state, ...by)
    redraw()
  }
  return { figure, draw }
}

function turned(state, turn, tilt) {
  state.turn -= turn
  state.tilt = clamp(state.tilt + tilt, 0.08, ABOVE)
}

export default function ({ parentElement, data: [data] }) {
  const root = parentElement.querySelector(".surfaces")
  let state = states.get(parentElement)
  if (!state) states.set(parentElement, (state = { ...FIRST }))
  let queued = false
  const redraw = () => {
    if (!queued) requestAnimationFrame(paint)
    queued = true
  }
  const panels = data.surfaces.map(surface => panel(surface, data, state, redraw))
  const figures = element("div", { class: "figures" }, ...panels.map(each => each.figure))
  let shown
  const head = () => legend(data, colours(root), state, () => {
    Object.assign(state, state.tilt > STEEP ? FIRST : { turn: 0, tilt: ABOVE })
    redraw()
    root.querySelector(".legend button").focus({ preventScroll: true })
  })
  const paint = () => {
    queued = false
    const above = state.tilt > STEEP
    if (above !== shown) {
      const had = root.querySelector(".legend button:focus")
      root.querySelector(".legend").replaceWith(head())
      if (had) root.querySelector(".legend button").focus({ preventScroll: true })
    }
    shown = above
    for (const each of panels) each.draw(root)
  }
  root.replaceChildren(head(), figures)
  shown = state.tilt > STEEP
  const watch = new ResizeObserver(redraw)
  watch.observe(figures)
  const themes = new MutationObserver(() => { // light and dark
    shown = null
    redraw()
  })
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style", "data-theme"] })
  redraw()
  return () => {
    watch.disconnect()
    themes.disconnect()
  }
}
