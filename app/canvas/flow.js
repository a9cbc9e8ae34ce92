// The error played back through networks beside each other, in step: from the loss, block by block, to the image.
import { clamp, named, node } from "./svg.js"
import { course, say, tells } from "./course.js"
import { inRows } from "./rows.js"
import { unpack } from "./scene.js"

const TALL = [230, 250] // px that a drawing may take, and on a phone
const NARROW = 500 // px of a phone's width; twice as wide, two drawings stand beside each other
const [LEAST, MOST, WHOLE] = [110, 420, 4800] // ms for a block, and for all of them where that allows it
const GROWS = { duration: 220, easing: "ease-out" }
const HINT = matchMedia("(pointer: coarse)").matches ? "Tap a block for its figures: the error goes there"
  : "Point at a block for its figures; a click takes the error there"
const boards = new WeakMap() // parentElement -> what outlives new data
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

// Thickness and shade by their numbers
function legend({ marks, when }) {
  const sample = ([norm, width, share]) => element("span", {},
    node("svg", { width: 36, height: 14, "aria-hidden": true },
      node("path", { class: "signal", d: "M0 7H22", style: `stroke-width: ${width}px` }),
      node("g", { class: "piece arrived", style: `--shade: ${Math.round(100 * share)}%` }, node("rect", { class: "block", x: 22.5, y: 1.5, width: 11, height: 11, rx: 2 }))),
    say(norm))
  return element("div", { class: "legend" }, element("b", {}, `norm of dE/d(what flows there) ${when}, logarithmic`), ...marks.map(sample))
}

// A place in words, and how far it is from the loss
const placed = (places, at) => {
  const { name, words } = places[at]
  return name ? `at ${named(name)}, ${at} of ${places.length - 2} from the loss` : `at the ${words}`
}

function makeBoard(root) {
  const play = element("button", { type: "button", class: "play" }, "Play")
  const slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "Where the error is" })
  const where = element("span", { class: "where" })
  const figures = element("div", { class: "figures" })
  const line = element("div", { class: "line", role: "status" }, HINT)
  const foot = element("div", {})
  root.replaceChildren(element("div", { class: "bar" }, play, slider, where), figures, line, foot)
  const board = { p: null, text: "", width: 0 }
  let [courses, scenes, data, frame, before] = [[], [], null, 0, 0]

  const most = () => courses[0].places.length - 1
  const block = () => clamp(LEAST, WHOLE / most(), MOST)

  function show() {
    const at = Math.floor(board.p)
    for (const each of courses) {
      each.show(board.p)
      each.now.textContent = nowAt(each.places[at])
    }
    slider.max = most()
    slider.value = at
    where.textContent = placed(courses[0].places, at)
    slider.setAttribute("aria-valuetext", where.textContent)
  }
  const nowAt = ({ block }) => (block ? `norm of dE/dy ${say(block.norms[3])}` : "")

  // --- it moves

  function stop() {
    cancelAnimationFrame(frame)
    frame = 0
    play.textContent = "Play"
    board.p = Math.floor(board.p)
  }
  function step(time) {
    board.p = Math.min(board.p + (before ? time - before : 0) / block(), most())
    before = time
    if (board.p >= most()) stop()
    else frame = requestAnimationFrame(step)
    show()
  }
  play.onclick = () => {
    if (frame) {
      stop()
      return show()
    }
    if (board.p >= most()) board.p = 0
    before = 0
    play.textContent = "Pause"
    frame = requestAnimationFrame(step)
  }
  const go = place => {
    stop()
    board.p = clamp(0, place, most())
    show()
  }
  slider.oninput = () => go(Number(slider.value))

  // --- a block in words, and the way to it

  const held = event => event.target.closest?.("[data-block]")
  const told = event => {
    const g = held(event)
    const side = courses.find(each => each.svg.contains(g))
    line.textContent = g && side ? `${data.sides.length > 1 ? `${side.title}, ` : ""}${tells(side.blocks.get(g.dataset.block))}` : HINT
  }
  figures.onpointerover = told
  figures.addEventListener("focusin", told)
  figures.onpointerleave = () => (line.textContent = HINT)
  const take = event => {
    const g = held(event)
    if (g) go(courses[0].places.findIndex(place => place.name === g.dataset.block))
  }
  figures.onclick = take
  figures.onkeydown = event => {
    const g = held(event)
    if (!g) return
    const all = [...g.closest("svg").querySelectorAll("[data-block]")]
    const to = { ArrowRight: all[all.indexOf(g) + 1], ArrowLeft: all[all.indexOf(g) - 1], Home: all[0], End: all.at(-1) }[event.key]
    if (to) {
      g.setAttribute("tabindex", -1)
      to.setAttribute("tabindex", 0)
      to.focus({ preventScroll: true })
    } else if (event.key === "Enter" || event.key === " ") take(event)
    else return
    event.preventDefault()
  }

  // --- it is drawn

  function draw() {
    const width = root.clientWidth
    board.width = width
    if (!width) return
    const [isNarrow, beside] = [width < NARROW, width >= 2 * NARROW && scenes.length > 1]
    const across = Math.floor(beside ? (width - 28) / 2 : width)
    const lines = () => [...figures.querySelectorAll(".signal")]
    const was = lines().map(({ style }) => style.strokeWidth)
    const { all, ...scale } = inRows(scenes, across, TALL[isNarrow ? 1 : 0])
    courses = data.sides.map((side, i) => ({ title: side.title, ...course(side, { rows: all[i], width: across, scale }) }))
    figures.replaceChildren(...courses.map(each => {
      each.now = element("span", { class: "now" })
      each.svg.querySelector("[data-block]").setAttribute("tabindex", 0)
      return element("figure", {}, element("figcaption", {}, element("b", {}, each.title), each.now), each.svg)
    }))
    board.p = clamp(0, board.p ?? most(), most())
    show()
    if (calm() || lines().length !== was.length) return
    lines().forEach((line, i) => { // after another epoch they grow or shrink
      const is = line.style.strokeWidth
      if (is !== was[i]) line.animate([{ strokeWidth: was[i] }, { strokeWidth: is }], GROWS)
    })
  }
  board.show = next => {
    play.hidden = calm()
    const text = JSON.stringify(next)
    if (text === board.text && root.clientWidth === board.width) return
    Object.assign(board, { text })
    data = next
    scenes = data.sides.map(side => unpack(side.picture))
    foot.replaceChildren(legend(data))
    draw()
  }
  const observer = new ResizeObserver(() => data && root.clientWidth !== board.width && draw())
  board.begin = () => observer.observe(root)
  board.end = () => {
    observer.disconnect()
    if (frame) stop()
  }
  return board
}

export default function ({ parentElement, data: [data] }) {
  const root = parentElement.querySelector(".flow")
  let made = boards.get(parentElement)
  if (made?.root !== root) {
    made?.board.end()
    made = { root, board: makeBoard(root) }
    boards.set(parentElement, made)
  }
  made.board.begin()
  made.board.show(data)
  return () => root.isConnected || made.board.end() // Streamlit ends a call that a newer one has overtaken, too
}
