// Where one looks: scale `k` across, `k * tall` along, and the picture's corner at (x, y) of the canvas.
import { clamp } from "./svg.js"

const LEAST = 0.5 // a picture that would have to be smaller to be seen whole opens at
const OPENS = 0.7 // this scale instead, and one pans
const [SMALLEST, LARGEST] = [0.004, 4]
const TALLEST = 1.7 // boxes are drawn up to so much taller than wide, to fill the canvas
const KEPT = 60 // px that a picture may be pulled away from the canvas' edge

// The view in which the whole picture is seen, or its beginning where it would be smaller than `least`
export function fitted({ width, height }, size, least = LEAST) {
  const whole = Math.min((size.width - 8) / width, size.height / height / 0.8, 1.25)
  const k = whole < least ? OPENS : Math.max(whole, SMALLEST)
  const tall = clamp(0.8, (size.height - 8) / (height * k), least ? TALLEST : Infinity)
  return { k, tall, x: Math.max(4, (size.width - width * k) / 2), y: (size.height - height * k * tall) / 2, fitted: true }
}

export function zoomed(view, factor, cx, cy) {
  const k = clamp(SMALLEST, view.k * factor, LARGEST)
  const share = k / view.k
  return { ...view, k, x: cx - (cx - view.x) * share, y: cy - (cy - view.y) * share, fitted: false }
}

// The view, moved back to where the picture is in sight
export function within(view, { width, height }, size) {
  const [w, h] = [width * view.k, height * view.k * view.tall]
  const x = w > size.width ? clamp(size.width - w - KEPT, view.x, KEPT) : clamp(0, view.x, size.width - w)
  const y = h > size.height ? clamp(size.height - h, view.y, 0) : (size.height - h) / 2
  return { ...view, x, y }
}

export const isWhole = (view, { width }, size) => view.x >= -4 && view.x + width * view.k <= size.width + 4
