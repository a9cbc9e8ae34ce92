// A map of designs on two logarithmic axes: dots on a canvas; axes, landmarks, the window and what is pointed at as SVG.
const SVG = "http://www.w3.org/2000/svg"
const states = new WeakMap() // parentElement -> {window, at}: outlive new data
const RAMP = { light: ["#a9c6e8", "#7fa9da", "#578cca", "#3670b5", "#205494", "#0d3566"], dark: ["#3d5f88", "#46719f", "#5387bd", "#6a9fd8", "#98c1ec", "#d0e4fb"] }
const FAINT = 0.14 // of dots outside the window
const DRAG = 5 // px before a press is a drag
const UNITS = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]]
// a shape for each kind of block, so that colour is not needed to tell them apart: paths about (0, 0) of radius r
const SHAPES = [
  r => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  r => `M${-r} ${-r}H${r}V${r}H${-r}z`,
  r => `M0 ${-1.25 * r}L${1.15 * r} ${0.85 * r}H${-1.15 * r}z`,
  r => `M0 ${1.25 * r}L${1.15 * r} ${-0.85 * r}H${-1.15 * r}z`,
  r => `M${-r} ${-r / 3}H${-r / 3}V${-r}H${r / 3}V${-r / 3}H${r}V${r / 3}H${r / 3}V${r}H${-r / 3}V${r / 3}H${-r}z`,
]
const DIAMOND = r => `M0 ${-r}L${r} 0L0 ${r}L${-r} 0z`

const node = (name, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

const short = count => {
  const [size, unit] = UNITS.find(([size]) => count >= 0.9995 * size) ?? UNITS.at(-1)
  return `${Number((count / size).toPrecision(3))}${unit && ` ${unit}`}`
}

// --- where things stand

function scale(values, from, to) {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))]
  const pad = 0.05 * (high - low || 1)
  const [first, last] = [low - pad, high + pad]
  const slope = (to - from) / (last - first)
  const ticks = []
  for (let power = Math.floor(first); power <= last; power++)
    for (const m of [1, 2, 5]) if (Math.log10(m) + power >= first && Math.log10(m) + power <= last) ticks.push(m * 10 ** power)
  return { at: value => from + (Math.log10(value) - first) * slope, value: px => 10 ** (first + (px - from) / slope), ticks }
}

function places(data, width, height) {
  const all = which => [...data.dots[which], data.here[which], ...data.landmarks.map(mark => mark[which])]
  const x = scale(all("x"), 52, width - 12)
  const y = scale(all("y"), height - 40, 22)
  return { x, y, width, height, px: data.dots.x.map(x.at), py: data.dots.y.map(y.at) }
}

// --- what is drawn

function look(data, root) {
  const style = getComputedStyle(root)
  const dark = style.colorScheme.includes("dark") || luminance(style.getPropertyValue("--st-background-color")) < 0.5
  const { names, hues } = data.shades
  if (hues.length) return names.map((_, i) => ({ colour: hues[i], path: SHAPES[i % SHAPES.length](2.4) }))
  const ramp = RAMP[dark ? "dark" : "light"]
  const step = (ramp.length - 1) / Math.max(names.length - 1, 1)
  return names.map((_, i) => ({ colour: ramp[Math.round(i * step)], path: SHAPES[0](1.7 + 0.3 * i) }))
}

function luminance(colour) {
  const probe = document.createElement("canvas").getContext("2d")
  probe.fillStyle = colour.trim() || "#fff"
  const [r, g, b] = [1, 3, 5].map(i => parseInt(probe.fillStyle.slice(i, i + 2), 16) / 255)
  return 0.3 * r + 0.6 * g + 0.1 * b
}

// Every dot, drawn once: a window is a clipped copy of it on top, so that dragging one draws none anew
function dots(canvas, data, at, looks) {
  const ratio = globalThis.devicePixelRatio || 1
  Object.assign(canvas, { width: Math.round(at.width * ratio), height: Math.round(at.height * ratio) })
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.globalAlpha = 0.8
  looks.forEach(({ colour, path }, shade) => {
    const shape = new Path2D(path)
    const all = new Path2D()
    data.shades.of.forEach((of, i) => of === shade && all.addPath(shape, { e: at.px[i], f: at.py[i] }))
    pen.fillStyle = colour
    pen.fill(all)
  })
}

function grid(at) {
  return node("path", { class: "grid", d: [
    ...at.x.ticks.map(tick => `M${at.x.at(tick)} 22V${at.height - 40}`), ...at.y.ticks.map(tick => `M52 ${at.y.at(tick)}H${at.width - 12}`),
  ].join("") })
}

function axes(at, titles) {
  const narrow = at.width < 500
  const labels = narrow ? at.x.ticks.filter(tick => String(tick).startsWith("1")) : at.x.ticks
  return node("g", {},
    node("path", { class: "frame", d: `M52 22V${at.height - 40}H${at.width - 12}` }),
    ...labels.map(tick => node("text", { class: "x", x: at.x.at(tick), y: at.height - 24 }, short(tick))),
    ...at.y.ticks.map(tick => node("text", { class: "y", x: 46, y: at.y.at(tick) + 4 }, short(tick))),
    node("text", { class: "title x", x: (at.width + 40) / 2, y: at.height - 6 }, `${titles[0]} of one image`),
    node("text", { class: "title", x: 0, y: 12 }, titles[1]))
}

// Landmarks, the best with their names where there is room; the desk's design with a ring
function marks(data, at) {
  const taken = []
  const label = (words, x, y, r) => {
    const [w, h] = [6.3 * words.length, 13]
    for (const [left, dy] of [[x + r + 3, 4], [x - r - 3 - w, 4], [x - w / 2, -r - 4], [x - w / 2, r + 13]]) {
      const box = [left, y + dy - 10, left + w, y + dy - 10 + h]
      const free = !taken.some(([a, b, c, d]) => box[0] < c && a < box[2] && box[1] < d && b < box[3])
      if (!free || box[0] < 54 || box[2] > at.width - 4) continue
      taken.push(box)
      return node("text", { x: left - x, y: dy }, words)
    }
    return ""
  }
  const here = data.here
  const [hx, hy] = [at.x.at(here.x), at.y.at(here.y)]
  taken.push([hx - 9, hy - 9, hx + 9, hy + 9])
  const named = label(`now: ${here.title}`, hx, hy, 8)
  const best = data.landmarks.filter(mark => mark.best)
  for (const mark of best) {
    const [x, y] = [at.x.at(mark.x), at.y.at(mark.y)]
    taken.push([x - 5, y - 5, x + 5, y + 5])
  }
  const drawn = [...data.landmarks].reverse().sort((a, b) => a.best - b.best).map(mark => {
    const [x, y] = [at.x.at(mark.x), at.y.at(mark.y)]
    const g = node("g", { class: `mark${mark.best ? " best" : ""}`, transform: `translate(${x} ${y})` }, node("path", { d: DIAMOND(mark.best ? 5.5 : 4.5) }))
    return g
  })
  const names = best.map(mark => {
    const [x, y] = [at.x.at(mark.x), at.y.at(mark.y)]
    return node("g", { class: "mark", transform: `translate(${x} ${y})` }, label(`${mark.title} ${mark.accuracy.toFixed(1)} %`, x, y, 6))
  })
  const ring = node("g", { class: "here", transform: `translate(${hx} ${hy})` }, node("circle", { r: 8 }), node("circle", { r: 6 }), named)
  return node("g", {}, ...drawn, ...names, ring)
}

function legend(data, looks) {
  const sign = (shape, attributes = {}, long = "") => {
    const svg = node("svg", { viewBox: long ? "-11 -7 22 14" : "-7 -7 14 14", class: long, "aria-hidden": true })
    svg.append(shape)
    return svg
  }
  const item = (svg, words) => element("span", {}, svg, words)
  const lines = looks.map(({ colour, path }, i) => item(sign(node("path", { d: path, fill: colour })), data.shades.names[i]))
  const mark = best => {
    const g = node("g", { class: `mark${best ? " best" : ""}` }, node("path", { d: DIAMOND(best ? 5.5 : 4.5) }))
    return sign(g)
  }
  const published = data.landmarks.length
    ? [item(mark(true), "published: none as accurate for less"), item(mark(false), "other published")] : []
  return element("div", { class: "legend" }, element("span", {}, element("b", {}, data.shades.title)), ...lines,
    item(sign(node("path", { class: "front", d: "M-11 0H11" }), {}, "long"), `most parameters for the least ${data.cost}`), ...published)
}

// --- what is pointed at

// A dot or a landmark: where it is, what opens it, what is said of it
function things(data, at) {
  const { dots } = data
  return [
    ...data.landmarks.map(mark => ({
      x: at.x.at(mark.x), y: at.y.at(mark.y), key: mark.key, grace: 4, title: mark.title,
      lines: [`${mark.accuracy.toFixed(2)} % top-1, published`, `${short(mark.y)} parameters, ${short(mark.x)} ${data.cost}`],
    })),
    ...dots.x.map((_, i) => ({ x: at.px[i], y: at.py[i], key: `design.${i}`, grace: 0, i })),
  ]
}

function about(thing, data) {
  if (thing.i === undefined) return thing
  const { dots } = data
  const i = thing.i
  return {
    title: `${dots.blocks[dots.block[i]]}, ${dots.depths[dots.depth[i]]} blocks`,
    lines: [`${dots.widths[dots.width[i]]} channels, ${dots.layers[i]} layers deep`, `${short(dots.y[i])} parameters, ${short(dots.x[i])} ${data.cost}`],
  }
}

function nearest(all, x, y, reach) {
  let found = null
  let least = reach
  for (const thing of all) {
    const away = Math.hypot(thing.x - x, thing.y - y) - thing.grace
    if (away < least) [found, least] = [thing, away]
  }
  return found
}

// The next thing in the direction of an arrow key, what lies aside counted double
function next(all, from, key) {
  const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]
  let found = from
  let least = Infinity
  for (const thing of all) {
    const along = (thing.x - from.x) * dx + (thing.y - from.y) * dy
    const aside = Math.abs((thing.x - from.x) * dy) + Math.abs((thing.y - from.y) * dx)
    if (along > 3 && along + 2 * aside < least) [found, least] = [thing, along + 2 * aside]
  }
  return found
}

export default function ({ parentElement, data: [data], setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".map")
  let state = states.get(parentElement)
  if (!state) states.set(parentElement, (state = { window: data.window, cost: data.titles[0], at: null }))
  if (state.cost !== data.titles[0]) Object.assign(state, { window: null, cost: data.titles[0] }) // it was of another axis
  const canvases = [0, 1].map(() => element("canvas", { "aria-hidden": true })) // all dots, and those in the window
  const under = node("svg", { "aria-hidden": true })
  const svg = node("svg", { "aria-hidden": true })
  const tip = element("div", { class: "tip", hidden: "" })
  const said = element("div", { class: "said", "aria-live": "polite" })
  const sheet = element("div", { class: "sheet", tabindex: 0, role: "application", "aria-label": data.label }, under, ...canvases, svg, tip, said)
  const looks = look(data, root)
  const focused = root.querySelector(".sheet:focus")
  root.replaceChildren(legend(data, looks), sheet)
  if (focused) sheet.focus({ preventScroll: true })

  let at, all
  let queued = false
  const windowed = node("rect", { class: "window" })
  const ring = node("circle", { class: "at", r: 7 })
  const paint = () => {
    queued = false
    const [all, inside] = canvases
    all.style.opacity = state.window ? FAINT : 1
    inside.toggleAttribute("hidden", !state.window)
    windowed.toggleAttribute("hidden", !state.window)
    if (!state.window) return
    const [x0, x1, y0, y1] = state.window
    const [left, right, top, bottom] = [at.x.at(x0), at.x.at(x1), at.y.at(y1), at.y.at(y0)]
    for (const [key, value] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top })) windowed.setAttribute(key, value)
    inside.style.clipPath = `inset(${top}px ${at.width - right}px ${at.height - bottom}px ${left}px)`
  }
  const later = () => {
    if (!queued) requestAnimationFrame(paint)
    queued = true
  }
  const whole = () => {
    const width = sheet.clientWidth
    if (!width) return
    const height = width < 500 ? 400 : 470
    sheet.style.height = `${height}px`
    at = places(data, width, height)
    all = things(data, at)
    const line = data.front.map((dot, i) => `${i ? "H" : "M"}${at.px[dot].toFixed(1)}${i ? "V" : " "}${at.py[dot].toFixed(1)}`).join("")
    svg.replaceChildren(axes(at, data.titles), node("path", { class: "front", d: line }), marks(data, at), windowed, ring)
    under.replaceChildren(grid(at))
    for (const canvas of canvases) dots(canvas, data, at, looks)
    point(null)
    paint()
  }
  const point = thing => {
    state.at = thing
    ring.toggleAttribute("hidden", !thing)
    svg.classList.toggle("over", Boolean(thing))
    tip.toggleAttribute("hidden", !thing)
    if (!thing) return
    const { title, lines } = about(thing, data)
    ring.setAttribute("cx", thing.x)
    ring.setAttribute("cy", thing.y)
    const hint = state.touched ? "Tap again to open it on Design" : "Click to open it on Design"
    tip.replaceChildren(element("b", {}, title), ...lines.map(words => element("span", { style: "display: block" }, words)), element("small", {}, hint))
    const [w, h] = [tip.offsetWidth, tip.offsetHeight]
    tip.style.left = `${thing.x + 14 + w > at.width ? Math.max(0, thing.x - 14 - w) : thing.x + 14}px`
    tip.style.top = `${thing.y + 14 + h > at.height ? Math.max(0, thing.y - 14 - h) : thing.y + 14}px`
  }
  const open = thing => setTriggerValue("opened", thing.key)
  const settle = window => {
    state.window = window
    later()
    setStateValue("window", window ?? []) // null is what it is before anybody set it
  }

  let press = null
  const placed = event => {
    const frame = svg.getBoundingClientRect()
    return [event.clientX - frame.left, event.clientY - frame.top]
  }
  svg.onpointerdown = event => {
    if (event.button) return
    press = { from: placed(event), before: state.window, dragged: false }
  }
  svg.onpointermove = event => {
    const [x, y] = placed(event)
    if (!press) return event.pointerType === "touch" ? undefined : point(nearest(all, x, y, 12))
    const [x0, y0] = press.from
    if (!press.dragged && Math.hypot(x - x0, y - y0) < DRAG) return
    if (!press.dragged) {
      svg.setPointerCapture(event.pointerId)
      point(null)
    }
    press.dragged = true
    const [a, b, c, d] = [at.x.value(Math.min(x, x0)), at.x.value(Math.max(x, x0)), at.y.value(Math.max(y, y0)), at.y.value(Math.min(y, y0))]
    state.window = [a, b, c, d].map(value => Number(value.toPrecision(3)))
    later()
  }
  svg.onpointerup = event => {
    const was = press
    press = null
    if (!was) return
    if (was.dragged) return settle(state.window)
    const touch = event.pointerType === "touch"
    const thing = nearest(all, ...placed(event), touch ? 24 : 12)
    state.touched = touch
    if (thing && (!touch || thing.key === state.at?.key)) open(thing)
    else if (thing) point(thing)
    else {
      point(null)
      if (state.window) settle(null)
    }
  }
  svg.onpointercancel = () => {
    if (press?.dragged) state.window = press.before
    press = null
    later()
  }
  svg.onpointerleave = event => event.pointerType !== "touch" && !press && point(null)
  sheet.onkeydown = event => {
    if (event.key === "Escape") {
      point(null)
      if (state.window) settle(null)
    } else if (event.key === "Enter" && state.at) open(state.at)
    else if (event.key.startsWith("Arrow")) {
      point(next(all, state.at ?? { x: at.x.at(data.here.x), y: at.y.at(data.here.y) }, event.key))
      said.textContent = state.at ? [about(state.at, data).title, ...about(state.at, data).lines].join(", ") : ""
    } else return
    event.preventDefault()
  }
  whole()
  state.observer?.disconnect() // of the call before, with its data
  const observer = (state.observer = new ResizeObserver(() => sheet.clientWidth !== at?.width && whole()))
  observer.observe(sheet)
  return () => observer.disconnect()
}
