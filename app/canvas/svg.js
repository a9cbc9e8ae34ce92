// Elements of SVG, and the words of parts' names.
const SVG = "http://www.w3.org/2000/svg"

export const clamp = (least, x, most) => Math.min(most, Math.max(least, x))

export function node(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

// `stage3.block2` as `stage 3, block 2`
export const named = name =>
  name.split(".").map(word => word.replace(/^(.*?)(\d+)$/, "$1 $2").trim()).join(", ")

// A count as `25.6 M`, bytes as `102 MB`
const STEPS = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]
const digits = x => (x >= 99.95 ? x.toFixed(0) : x >= 9.995 ? x.toFixed(1) : x.toFixed(2))
export function short(value, unit = "") {
  const [size, letter] = STEPS.find(([size]) => value >= 0.9995 * size) ?? [1, ""]
  const number = size > 1 || !Number.isInteger(value) ? digits(value / size) : value.toFixed(0)
  return `${number} ${letter}${unit}`.trim()
}
