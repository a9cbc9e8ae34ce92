// What is drawn of a scene: only the pieces in view, and a little beside them. A pan moves what is drawn by a transform
// of the whole; only when it comes to the end of what is drawn, or the scale changes, is anything drawn anew.
import { node } from "./svg.js"
import { between, stageOf } from "./scene.js"
import { PLAIN, drawGround, drawPiece, drawPlain, fitWords, wordSize } from "./marks.js"

const SPARE = 500 // px that are drawn on either side of the canvas
export const EASE = { duration: 70, easing: "cubic-bezier(.3,0,.2,1)" }
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches

export function makeWorld(svg) {
  const grounds = node("g", { class: "grounds" })
  const pieces = node("g", { class: "pieces" })
  const world = node("g", {}, grounds, pieces)
  svg.append(world)
  const records = new Map() // key -> {g, x, like, isPlain}: what is drawn
  let scene, shade, view, size, at // `at` is the view that things are drawn for
  let decorate = () => {}

  const keyOf = { piece: p => p.name, ground: p => `ground of ${p.name}` }

  function put(kind, item, isPlain, layer) {
    const key = keyOf[kind](item)
    const like = kind === "piece" ? `${item.drawing.like} ${item.kind} ${shade.key}` : `${item.w} ${item.isOpen} ${scene.bottom}`
    const known = records.get(key)
    if (known && known.like === like && known.isPlain === isPlain && known.sees === item.sees) {
      known.x = item.x
    } else {
      const draw = kind === "ground" ? () => drawGround(item, scene) : () => (isPlain ? drawPlain(item, shade.of, shade.widths(item)) : drawPiece(item, scene, shade.of, shade.widths(item)))
      const g = draw()
      if (known) known.g.replaceWith(g)
      else layer.append(g)
      records.set(key, { g, x: item.x, like, isPlain, sees: item.sees, y: kind === "piece" ? scene.line : 0, isNew: true })
      decorate(g)
    }
    const record = records.get(key)
    record.y = kind === "piece" ? scene.line : 0
    record.g.style.transform = `translate(${item.x}px, ${record.y}px)`
    return key
  }

  // Draws what has come into sight and takes away what has left it
  function sync() {
    const { k } = at
    const [x0, x1] = [(-SPARE - at.x) / k, (size.width + SPARE - at.x) / k]
    const kept = new Set()
    for (const ground of scene.grounds) if (ground.x <= x1 && ground.x + ground.w >= x0) kept.add(put("ground", ground, false, grounds))
    const [from, to] = between(scene, x0, x1)
    for (const piece of scene.pieces.slice(from, to)) kept.add(put("piece", piece, piece.drawing.width * k < PLAIN, pieces))
    for (const [key, { g }] of records) {
      if (kept.has(key)) continue
      g.remove()
      records.delete(key)
    }
  }

  function draw(isScaled) {
    const { k, tall, x, y } = (at = { ...view })
    world.setAttribute("transform", `translate(${x + SPARE} ${y}) scale(${k} ${k * tall})`)
    if (isScaled) {
      const word = wordSize(k)
      const ring = Math.min(word, 1.5 * k)
      for (const [name, size] of [["word", word], ["ring", ring]]) {
        world.style.setProperty(`--${name}x`, size / k)
        world.style.setProperty(`--${name}y`, size / (k * tall))
      }
    }
    sync()
    for (const record of records.values()) {
      if (!isScaled && !record.isNew) continue
      fitWords(record.g, at)
      record.isNew = false
    }
    svg.style.transform = ""
  }

  // Where a part was: it, what it was folded into, or the first of what is folded into it now
  const origin = (before, name) => before.get(name) ?? before.get(stageOf(name)) ?? before.get(`${name}.block1`)

  function animate(before, from) {
    if (calm() || !before.size) return
    for (const [key, record] of records) {
      const was = before.get(key)
      const start = origin(before, key)
      const { g, x, y } = record
      const here = `translate(${x}px, ${y}px)`
      if (!start) g.animate([{ opacity: 0 }, { opacity: 1 }], EASE)
      else {
        const [sx, sy] = [from.k / at.k, (from.k * from.tall) / (at.k * at.tall)]
        const x0 = (from.x + start.x * from.k - at.x) / at.k
        const y0 = (from.y + start.y * from.k * from.tall - at.y) / (at.k * at.tall)
        const there = `translate(${x0}px, ${y0}px) scale(${sx}, ${sy})`
        if (Math.abs(x0 - x) * at.k < 0.5 && Math.abs(sx - 1) < 0.002 && Math.abs(y0 - y) * at.k < 0.5 && was) continue
        g.animate([{ transform: there, opacity: was ? 1 : 0 }, { transform: here, opacity: 1 }], EASE)
      }
    }
  }

  function leave(ghosts) {
    if (calm()) return
    for (const { g, layer } of ghosts) {
      layer.prepend(g)
      g.setAttribute("aria-hidden", "true")
      for (const button of g.querySelectorAll("[role]")) button.removeAttribute("role")
      g.style.pointerEvents = "none"
      g.animate([{ opacity: 1 }, { opacity: 0 }], EASE).onfinish = () => g.remove()
    }
  }

  return {
    // Shows a scene in a view; what was there before and still is moves to its new place
    show(nextScene, nextShade, nextView, nextSize, onDrawn, renamed = {}) {
      const from = at && { ...at, x: view.x, y: view.y }
      const now = key => renamed[key] ?? key
      const before = new Map([...records].map(([key, { x, y, g }]) => [now(key), { x, y, g }]))
      const isNew = scene !== nextScene
      ;[scene, shade, view, size, decorate] = [nextScene, nextShade, nextView, nextSize, onDrawn]
      svg.style.width = `${size.width + 2 * SPARE}px`
      svg.style.left = `${-SPARE}px`
      draw(true)
      if (!from || !isNew) return
      animate(before, from)
      leave([...before].filter(([key]) => !records.has(key)).map(([, { g }]) => ({ g, layer: world })))
    },
    // Looks elsewhere
    look(next) {
      const isScaled = next.k !== at.k || next.tall !== at.tall
      view = next
      if (isScaled || next.y !== at.y || Math.abs(next.x - at.x) > SPARE - 80) draw(isScaled)
      else svg.style.transform = `translateX(${next.x - at.x}px)`
    },
    // The drawn element of a piece, if it is in sight
    find: key => records.get(key)?.g,
  }
}
