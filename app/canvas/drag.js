// Drags of a stage's edges: the right one for its depth, the top one for its width. What would come of it is said while
// one drags, and why it cannot be, before the edge is released. The buttons do the same by a step.
import { clamp, named, short } from "./svg.js"
import { stageOf } from "./scene.js"

const STEP = 18 // px of a block in a folded stage
const [MACS, TRAINABLE] = [1, 6] // where a box's facts have them
const OCTAVE = 70 // px up that double a width
const WORDS = { blocks: to => `${to} ${to === 1 ? "block" : "blocks"}`, width: to => `width ${to}` }

const at = ([first, step], i) => first + step * i
const nearest = (runs, to) =>
  runs.map(run => at(run, clamp(0, Math.round((to - run[0]) / (run[1] || 1)), run[2] - 1)))
    .reduce((a, b) => (Math.abs(b - to) < Math.abs(a - to) ? b : a))

// Where a drag of so many pixels leads: a legal stop, or beyond the last with the reason
export function led([now, runs, below, above], wanted) {
  const [least, most] = [runs[0][0], at(runs[runs.length - 1], runs[runs.length - 1][2] - 1)]
  if (wanted < least && below) return { to: wanted, reason: below }
  if (wanted > most && above) return { to: wanted, reason: above }
  return { to: nearest(runs, wanted), reason: "" }
}

export function drags(svg, hint, board) {
  let held = null

  // px of the picture that a block more makes a stage longer
  function pitch(stage) {
    const inside = board.scene.pieces.filter(piece => stageOf(piece.name) === stage)
    const last = inside[inside.length - 1]
    return last.kind === "stage" ? STEP / board.view.k : last.drawing.width
  }
  // What blocks that are like the last one cost
  function price(stage, more) {
    const last = board.scene.byName.get(`${stage}.block${held.stops[0]}`)
    if (!more || !last) return ""
    const sum = fact => last.drawing.nodes.reduce((whole, n) => whole + n.facts[fact], 0)
    const sign = more < 0 ? "−" : "+"
    return `, ${sign}${short(Math.abs(more) * sum(TRAINABLE))} parameters, ${sign}${short(Math.abs(more) * sum(MACS))} MACs`
  }
  function follow(event) {
    const { stage, field, stops, x, y, step } = held
    const now = stops[0]
    const wanted = field === "blocks" ? now + Math.round((event.clientX - x) / step) : Math.round(now * 2 ** ((y - event.clientY) / OCTAVE))
    Object.assign(held, led(stops, wanted))
    const { to, reason } = held
    const costs = field === "blocks" ? price(stage, to - now) : ""
    hint.textContent = `${reason || `${named(stage)}: ${WORDS[field](to)}${costs}`}`
    hint.classList.toggle("refused", Boolean(reason))
    const frame = svg.parentElement.getBoundingClientRect()
    hint.style.left = `${clamp(8, event.clientX - frame.left + 14, frame.width - hint.offsetWidth - 8)}px`
    hint.style.top = `${clamp(4, event.clientY - frame.top + 16, frame.height - hint.offsetHeight - 4)}px`
    held.ground.setAttribute("width", Math.max(20, held.w + (field === "blocks" ? (to - now) * pitch(stage) : 0)))
    svg.classList.toggle("refused", Boolean(reason))
  }
  function end(isTaken) {
    const { ground, w, stage, field, to, reason, stops } = held
    held = null
    hint.hidden = true
    svg.classList.remove("refused")
    if (isTaken && !reason && to !== stops[0]) board.send("dragged", { part: stage, field, to })
    else ground.setAttribute("width", w)
  }

  svg.addEventListener("pointerdown", event => {
    const { dragStage: stage, drag: field } = event.target.dataset ?? {}
    const stops = board.data.edits?.stops[stage]?.[field]
    if (!stops || event.button) return
    event.stopImmediatePropagation()
    event.preventDefault()
    svg.setPointerCapture(event.pointerId)
    const ground = event.target.closest(".ground").querySelector("rect")
    const w = Number(ground.getAttribute("width"))
    held = { stage, field, stops, ground, w, x: event.clientX, y: event.clientY, step: pitch(stage) * board.view.k, to: stops[0] }
    hint.hidden = false
    follow(event)
  }, { capture: true })
  svg.addEventListener("pointermove", event => held && (event.stopImmediatePropagation(), follow(event)), { capture: true })
  svg.addEventListener("pointerup", event => held && (event.stopImmediatePropagation(), end(true)), { capture: true })
  svg.addEventListener("pointercancel", () => held && end(false), { capture: true })
  const escape = event => held && event.key === "Escape" && end(false)
  board.outer.push(signal => svg.ownerDocument.addEventListener("keydown", escape, { signal }))
}
