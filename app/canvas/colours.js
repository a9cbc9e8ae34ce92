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

// What shade stands for in a scene: the measure's own numbers, or `extra`, numbers by part's name that Python gave
export function shadeOf(scene, measure, extra) {
  const given = extra[measure]
  const of = given ? null : MEASURES[measure].of
  const top = given ? Math.max(0, ...Object.values(given.values)) : most(scene, of)
  const value = (n, piece) => (given ? given.values[piece.name + n.id] ?? 0 : of(n.facts))
  const unit = measure === "memory" ? "B" : ""
  return {
    key: `${measure} ${top}`,
    of: (n, piece) => ({ share: top ? value(n, piece) / top : 0, shown: short(value(n, piece), unit) }),
    scale: `0 to ${short(top)}${given ? ` ${given.unit}` : MEASURES[measure].unit}`,
  }
}

// The choice of a measure; `change` is called with the chosen one
export function chooser(select, change) {
  select.onchange = () => change(select.value)
  return extra => {
    const rows = [...Object.entries(MEASURES), ...Object.entries(extra)].map(([name, { title }]) => [name, title])
    if (select.options.length !== rows.length) select.replaceChildren(...rows.map(([name, title]) => new Option(title, name)))
  }
}
