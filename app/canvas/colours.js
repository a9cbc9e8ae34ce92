// What shade stands for: a share of the largest box's. Each measure has its unit, and says its number in the box too.
import { most } from "./scene.js"
import { short } from "./svg.js"

// of facts: parameters, MACs, activations, bytes kept, FLOPs, bytes moved, trainable parameters
const MEASURES = {
  macs: { title: "MACs", unit: " MACs", of: f => f[1] },
  parameters: { title: "parameters", unit: " parameters", of: f => f[0] },
  activations: { title: "activations", unit: " activations", of: f => f[2] },
  memory: { title: "memory", unit: "B to train an image", of: f => f[3] },
  intensity: { title: "FLOP per byte", unit: " FLOP per byte", of: f => (f[5] ? f[4] / f[5] : 0) },
}

// What shade stands for in a scene: the measure's own numbers, or `extra`, numbers by part's name that Python gave. A part
// for which there is none is left blank. Those that differ by powers of ten say so (`log`): the least is faint, not white.
export function shadeOf(scene, measure, extra) {
  const given = extra[measure]
  const of = given ? null : MEASURES[measure].of
  const top = given ? Math.max(0, ...Object.values(given.values)) : most(scene, of)
  const least = given?.log ? Math.min(...Object.values(given.values).filter(x => x > 0)) : 0
  const value = (n, piece) => (given ? given.values[piece.name + n.id] : of(n.facts))
  const unit = measure === "memory" ? "B" : ""
  const say = given ? x => String(Number(x.toPrecision(2))) : short // which are no counts
  const linear = x => (top ? x / top : 0)
  const logarithmic = x => (x > 0 ? FAINT + (1 - FAINT) * (Math.log(x / least) / Math.log(top / least)) : 0)
  const share = 0 < least && least < top ? logarithmic : linear
  return {
    key: `${measure} ${top} ${given ? sum(Object.values(given.values)) : ""}`,
    of: (n, piece) => {
      const known = value(n, piece)
      return known === undefined ? { share: 0, shown: "" } : { share: share(known), shown: say(known, unit) }
    },
    widths: piece => given?.lines?.widths[piece.name] ?? [0, 0], // px of the lines to its box and around it
    scale: `${say(least)} to ${say(top)}${given ? ` ${given.unit}` : MEASURES[measure].unit}${given?.lines ? `; ${given.lines.said}` : ""}`,
  }
}

const FAINT = 0.08 // of the least that is more than nothing
const sum = numbers => numbers.reduce((a, b) => a + b, 0)

// The choice of a measure; `change` is called with the chosen one. What comes back takes `extra` measures too, and says
// which is chosen: one that is gone gives way to the first.
export function chooser(select, change) {
  select.onchange = () => change(select.value)
  return extra => {
    const rows = [...Object.entries(MEASURES), ...Object.entries(extra)].map(([name, { title }]) => [name, title])
    if ([...select.options].map(option => option.text).join() !== rows.map(([, title]) => title).join()) {
      const chosen = rows.some(([name]) => name === select.value) ? select.value : rows[0][0]
      select.replaceChildren(...rows.map(([name, title]) => new Option(title, name)))
      select.value = chosen
    }
    return select.value
  }
}
