// Pointers: drag to pan, pinch or Ctrl and wheel to zoom at the cursor, a click to choose, a double click to unfold.
import { zoomed } from "./view.js"

const SLACK = 4 // px that a click may move
const WHEEL = 300 // px of a wheel for a factor of e

export function gestures(svg, root, board) {
  const at = event => {
    const frame = root.getBoundingClientRect()
    return [event.clientX - frame.left, event.clientY - frame.top]
  }
  const part = event => event.target.closest?.("[data-turn-part]")?.dataset.turnPart
  const piece = event => event.target.closest?.(".node") && event.target.closest("[data-piece]")?.dataset.piece
  const touches = new Map()
  let from = null // where a drag began
  let wasMoved = false // a drag ends with a click, which is none

  function pinch(before, [a, b]) {
    const span = ([p, q]) => Math.hypot(p[0] - q[0], p[1] - q[1])
    board.look(zoomed(board.view, span([a, b]) / span(before), (a[0] + b[0]) / 2, (a[1] + b[1]) / 2))
  }
  svg.onpointerdown = event => {
    if (event.button || event.target.dataset.drag) return
    touches.set(event.pointerId, at(event))
    from = { view: board.view, start: at(event), moved: touches.size > 1 }
  }
  svg.onpointermove = event => {
    if (!from || !touches.has(event.pointerId)) return
    const before = [...touches.values()]
    touches.set(event.pointerId, at(event))
    if (touches.size > 1) return pinch(before, [...touches.values()])
    const [x, y] = at(event)
    const [dx, dy] = [x - from.start[0], y - from.start[1]]
    if (!from.moved && Math.hypot(dx, dy) < SLACK) return
    if (!from.moved) svg.setPointerCapture(event.pointerId)
    from.moved = true
    board.look({ ...board.view, x: from.view.x + dx, y: from.view.y + dy, fitted: false })
  }
  svg.onpointerup = event => {
    wasMoved = from?.moved ?? false
    touches.delete(event.pointerId)
    from = touches.size ? { view: board.view, start: [...touches.values()][0], moved: true } : null
  }
  svg.onclick = event => {
    if (wasMoved || event.target.dataset.drag) return
    if (board.held) return void (board.held = false)
    const [turns, chosen] = [part(event), piece(event)]
    if (turns) board.turn(turns)
    else if (chosen && event.detail === 2) board.turn(chosen)
    else if (chosen) board.choose(chosen)
  }
  svg.onpointercancel = event => {
    touches.delete(event.pointerId)
    from = null
  }
  root.addEventListener("wheel", event => {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX
    if (event.ctrlKey || event.metaKey) board.look(zoomed(board.view, Math.exp(-event.deltaY / WHEEL), ...at(event)))
    else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) board.look({ ...board.view, x: board.view.x - sideways, fitted: false })
    else return // a plain wheel scrolls the page
    event.preventDefault()
  }, { passive: false })
}
