// The whole network as a strip below the canvas, with what is in sight framed; it is there when there is more than that.
import { isWhole } from "./view.js"

export function minimap(strip, board) {
  const frame = document.createElement("i")
  let drawn = null

  function draw(scene, width) {
    if (drawn === `${scene.width} ${width}` && strip.contains(frame)) return
    drawn = `${scene.width} ${width}`
    const scale = width / scene.width
    strip.replaceChildren(...scene.grounds.map(({ x, w }) => {
      const bar = document.createElement("b")
      Object.assign(bar.style, { left: `${x * scale}px`, width: `${Math.max(1, w * scale)}px` })
      return bar
    }), frame)
  }
  function go(event) {
    const { left, width } = strip.getBoundingClientRect()
    const middle = ((event.clientX - left) / width) * board.scene.width
    board.look({ ...board.view, x: board.size.width / 2 - middle * board.view.k, fitted: false })
  }
  strip.onpointerdown = event => {
    strip.setPointerCapture(event.pointerId)
    go(event)
  }
  strip.onpointermove = event => strip.hasPointerCapture(event.pointerId) && go(event)

  return ({ scene, view, size }) => {
    const whole = isWhole(view, scene, size)
    strip.classList.toggle("whole", whole)
    if (whole) return
    draw(scene, size.width)
    const scale = size.width / scene.width
    Object.assign(frame.style, {
      transform: `translateX(${(-view.x / view.k) * scale}px)`, width: `${Math.max(6, (size.width / view.k) * scale)}px`,
    })
  }
}
