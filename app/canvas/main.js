// The canvas: draws a Picture (resnet_tf/design/picture.py) as SVG that one can pan, zoom, fold and choose in.
// All positions come from Python; what is kept here is where one looks, and which boxes are drawn because of it.
import { chooser, shadeOf } from "./colours.js"
import { drags } from "./drag.js"
import { gestures } from "./gestures.js"
import { hover } from "./hover.js"
import { keys } from "./keys.js"
import { menus } from "./menu.js"
import { minimap } from "./minimap.js"
import { stageOf, unpack } from "./scene.js"
import { stagebar } from "./stagebar.js"
import { node } from "./svg.js"
import { fitted, within, zoomed } from "./view.js"
import { EASE, makeWorld } from "./world.js"

const [NARROW, LOW] = [500, 250] // px: on a phone the canvas is lower, so that the numbers below it are in sight
const MAP = 22 // px of the strip below
const DRAWN = "resnet_tf.drawn" // the page listens, and draws what waits until then
const REST = EASE.duration + 180 // ms: everything stands in its place, and no hand goes on editing
const LATEST = 2000 // ms after a gesture that nothing came of
const HINT = "A click looks inside, a double click unfolds"
const EDIT_HINT = ", a right click says what can be done; a stage's edges can be dragged"
const [FINGER_HINT, FINGER_EDITS] = ["Tap: look inside. Twice: unfold", ". Hold: what can be done"]
const byFinger = () => matchMedia("(pointer: coarse)").matches
const boards = new WeakMap() // parentElement -> what outlives a redraw

// A scene whose grounds know whether they are open
function sceneOf(picture) {
  const scene = unpack(picture)
  const folded = new Set(scene.pieces.filter(piece => piece.kind === "stage").map(piece => piece.name))
  const grounds = scene.grounds.map(ground => {
    const alone = scene.byName.get(ground.name)
    const isOpen = alone ? alone.kind === "layers" : !folded.has(ground.name)
    return { ...ground, isOpen }
  })
  return { ...scene, grounds }
}

// The place that stays where it is through an edit: the chosen part's, or that of the leftmost piece in sight which persists
function anchor(board, next, renamed) {
  const { scene, view, size, selected } = board
  const now = name => renamed[name] ?? name
  const seen = scene.pieces.filter(p => view.x + (p.x + p.drawing.width) * view.k > 0 && view.x + p.x * view.k < size.width)
  const stays = p => p.kind !== "input" && next.byName.has(now(p.name))
  const piece = seen.find(p => p.name === selected && stays(p)) ?? seen.find(stays)
  if (piece) return { from: piece.x, to: next.byName.get(now(piece.name)).x }
  const stage = seen.map(p => stageOf(p.name)).find(name => next.grounds.some(g => g.name === name))
  const ground = grounds => grounds.find(g => g.name === stage)?.x ?? 0
  return { from: ground(scene.grounds), to: ground(next.grounds) }
}

// The network in sentences, for who hears the page
function tell(list, sentences) {
  list.hidden = !sentences.length
  list.replaceChildren(...sentences.map(text => Object.assign(document.createElement("li"), { textContent: text })))
}

function makeBoard(root) {
  const svg = node("svg", { class: "network", role: "group" })
  const window = root.querySelector(".window")
  const line = root.querySelector(".line")
  window.prepend(svg)
  const world = makeWorld(svg)
  // `outer` are functions that listen to more than the canvas, until a signal
  const board = { view: null, scene: null, selected: null, measure: "macs", size: { width: 0, height: 0 }, outer: [] }
  const map = minimap(root.querySelector(".map"), board)
  const reach = keys(svg, board)
  const measures = chooser(root.querySelector(".measure"), measure => {
    board.measure = measure
    draw()
    board.send("coloured", measure) // some are counted only now
  })
  hover(svg, root.querySelector(".line"), board)
  const bar = stagebar(root.querySelector(".stagebar"), board)
  board.menu = menus(svg, root, board)
  drags(svg, root.querySelector(".hint"), board)
  const hovered = ({ target }) => {
    const part = target.closest?.(".ground")?.dataset.ground ?? target.closest?.("[data-piece]")?.dataset.piece
    bar.place(part ? stageOf(part) : null)
  }
  svg.addEventListener("pointerover", event => event.pointerType === "mouse" && board.data.interactive && hovered(event))

  function draw(renamed) {
    const shade = shadeOf(board.scene, board.measure, board.data.extra ?? {})
    world.show(board.scene, shade, board.view, board.size, board.mark, renamed)
    root.querySelector(".scale").textContent = shade.scale
    board.mark(svg)
    board.look(board.view)
  }

  board.look = next => {
    board.view = within(next, board.scene, board.size)
    world.look(board.view)
    window.classList.toggle("before", board.view.x < -4)
    window.classList.toggle("after", board.view.x + board.scene.width * board.view.k > board.size.width + 4)
    map(board)
    reach.keep()
    bar.place(null)
  }
  board.mark = g => {
    const near = board.selected && stageOf(board.selected)
    for (const ground of [g, ...g.querySelectorAll(".ground")]) ground.classList.toggle("near", Boolean(near) && ground.dataset.ground === near)
    for (const box of g.querySelectorAll(".node[role]")) {
      const chosen = box.closest("[data-piece]").dataset.piece === board.selected
      box.classList.toggle("chosen", chosen)
      box.setAttribute("aria-pressed", chosen)
    }
  }
  board.choose = name => {
    board.selected = name === board.selected ? null : name
    board.mark(svg) // at once
    board.send("chosen", name)
  }
  board.turn = name => board.send("turned", name)
  board.fit = least => board.look(fitted(board.scene, board.size, least))

  board.measureSize = () => {
    const width = root.clientWidth
    const height = (width < NARROW ? Math.min(board.data.height, LOW) : board.data.height) - (board.data.interactive ? MAP : 0)
    board.size = { width, height }
    svg.setAttribute("height", height)
    window.style.height = `${height}px`
  }
  // Never at the heels of a gesture: the page's drawing would break off what Streamlit has begun to do for it
  const told = () => {
    board.telling = null
    document.dispatchEvent(new Event(DRAWN))
  }
  const tellIn = wait => {
    clearTimeout(board.telling)
    board.telling = wait && setTimeout(told, wait)
  }
  board.send = (event, value) => {
    if (board.telling) tellIn(LATEST)
    board.trigger(event, value)
  }
  board.show = data => {
    board.data = data
    tellIn(data.edits?.isAwaited ? REST : null)
    board.measureSize()
    if (!board.size.width) return
    const text = JSON.stringify(data.picture)
    const next = text === board.text ? board.scene : sceneOf(data.picture)
    const least = data.interactive ? undefined : 0
    const isFirst = !board.view || board.scene.level !== next.level
    if (isFirst || board.view.fitted) board.view = fitted(next, board.size, least)
    else {
      const { from, to } = anchor(board, next, data.edits?.renamed ?? {})
      board.view = within({ ...board.view, x: board.view.x + (from - to) * board.view.k }, next, board.size)
    }
    Object.assign(board, { text, scene: next, selected: data.selected })
    svg.setAttribute("aria-label", data.label)
    tell(root.querySelector(".told"), data.told ?? [])
    svg.dataset.pieces = next.pieces.length
    const renamed = data.edits?.renamed ?? {}
    const focused = svg.querySelector(".node:focus")?.dataset.id
    board.measure = measures(data.extra ?? {})
    draw(renamed)
    root.classList.toggle("fixed", !data.edits)
    const [hint, edits] = byFinger() ? [FINGER_HINT, FINGER_EDITS] : [HINT, EDIT_HINT]
    board.hint = data.edits?.refused || (data.interactive ? hint + (data.edits ? edits : "") : "")
    line.textContent = board.hint
    line.classList.toggle("refused", Boolean(data.edits?.refused))
    if (focused) svg.querySelector(`.pieces [data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
    board.menu.show(data.edits?.menu)
  }
  const observer = new ResizeObserver(() => board.data && root.clientWidth !== board.size.width && board.show(board.data))
  let listening = null
  board.begin = () => {
    if (listening) return
    listening = new AbortController()
    for (const listen of board.outer) listen(listening.signal)
    observer.observe(root)
  }
  board.end = () => {
    listening?.abort()
    listening = null
    observer.disconnect()
  }

  const middle = () => [board.size.width / 2, board.size.height / 2]
  const acts = {
    fit: () => board.fit(0), in: () => board.look(zoomed(board.view, 1.3, ...middle())), out: () => board.look(zoomed(board.view, 1 / 1.3, ...middle())),
  }
  root.querySelector(".tools").onclick = event => acts[event.target.dataset.act]?.()
  return { board, svg, window, root }
}

export default function ({ parentElement, data: [data], setTriggerValue }) {
  const root = parentElement.querySelector(".canvas")
  let made = boards.get(parentElement)
  if (made?.root !== root) {
    made?.board.end()
    made = makeBoard(root)
    boards.set(parentElement, made)
    if (data.interactive) gestures(made.svg, made.window, made.board)
  }
  made.board.begin()
  root.classList.toggle("still", !data.interactive)
  made.board.trigger = setTriggerValue
  made.board.show(data)
  root.querySelector(".legend").innerHTML = data.legend
  return () => root.isConnected || made.board.end() // Streamlit ends a call that a newer one has overtaken, too
}
