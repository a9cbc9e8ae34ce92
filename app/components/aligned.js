// Two networks one above the other, column by column; a click on a column says what became of its blocks.
const SVG = "http://www.w3.org/2000/svg"
const MOST = 12 // lines of what changed
const chosen = new WeakMap() // parentElement -> the title of the column that is looked into

const node = (name, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

// What is added has rising stripes, what is removed falling ones and a broken edge, what is changed dots
const textures = () => node("defs", {},
  node("pattern", { id: "added", width: 7, height: 7, patternUnits: "userSpaceOnUse" }, node("path", { class: "stripe", d: "M-1 8L8 -1" })),
  node("pattern", { id: "removed", width: 7, height: 7, patternUnits: "userSpaceOnUse" }, node("path", { class: "stripe", d: "M-1 -1L8 8" })),
  node("pattern", { id: "changed", width: 6, height: 6, patternUnits: "userSpaceOnUse" }, node("circle", { class: "dot", cx: 3, cy: 3, r: 1.1 })))

// A box with its texture, its channels and its shortcut; `away` is where its network's outside is
function box(of, change, away) {
  const place = { x: of.x, y: of.y, width: of.w, height: of.h, rx: 2 }
  const edge = away < 0 ? of.y : of.y + of.h
  const [left, right, level] = [of.x - 4, of.x + of.w + 4, edge + 9 * away]
  const middle = [of.x + of.w / 2, of.y + of.h / 2]
  const arc = of.shortcut === "none" ? [] : [node("path", {
    class: `shortcut ${of.shortcut}`, d: `M${left} ${middle[1]}V${level - 4 * away}Q${left} ${level} ${left + 4} ${level}H${right - 4}Q${right} ${level} ${right} ${level - 4 * away}V${middle[1]}`,
  })]
  return [...arc, node("rect", { class: "box", ...place }), ...(change === "same" ? [] : [node("rect", { class: "texture", fill: `url(#${change})`, ...place })]),
    node("text", { class: "label", x: 0, y: 0, dy: ".35em", transform: `translate(${middle}) rotate(${of.h > of.w ? -90 : 0})` }, of.label)]
}

function column(one, picture, data) {
  const middle = one.x + one.w / 2
  const [top, bottom] = [one.a ? one.a.y + one.a.h : picture.lines[0], one.b ? one.b.y : picture.lines[1]]
  const centre = (picture.lines[0] + picture.lines[1]) / 2
  const times = one.count > 1 ? `, ${one.count} blocks` : ""
  const said = `${one.title}${times}: ${one.change === "same" ? "the same in both" : one.change}`
  return node("g", { class: `column ${one.change}`, "data-title": one.title, role: "button", tabindex: 0, "aria-pressed": false, "aria-label": said },
    node("title", {}, [said, one.a && `${data.names[0]}: ${one.a.detail}`, one.b && `${data.names[1]}: ${one.b.detail}`].filter(Boolean).join("\n")),
    node("rect", { class: "ground", x: one.x - 7, y: 20, width: one.w + 14, height: picture.height - 24 }),
    ...(one.a && one.b ? [node("path", { class: "meets", d: `M${middle} ${top}V${bottom}` })] : []),
    ...(one.a ? box(one.a, one.change, -1) : []),
    ...(one.b ? box(one.b, one.change, 1) : []),
    ...(one.sign ? [node("text", { class: "sign", x: middle, y: centre - 1, style: "paint-order: stroke; stroke: var(--paper); stroke-width: 4px" }, one.sign)] : []),
    ...(one.count > 1 ? [node("text", { class: "count", x: middle, y: centre + 15 }, `×${one.count}`)] : []))
}

function detail(one, names) {
  if (!one) return [element("p", {}, "Choose a column to see what became of its blocks, layer by layer.")]
  const is = { same: "the same in both", added: `only in ${names[1]}`, removed: `only in ${names[0]}`, changed: "changed" }[one.change]
  const count = one.count > 1 ? `, ${one.count} blocks` : ""
  const boxes = [...new Set([one.a, one.b].filter(Boolean).map(each => each.detail.split(": ")[1].replace(`${one.title}, `, "")))]
  const more = one.what.length - MOST
  return [element("b", {}, one.title), `${count}: ${is}; `, boxes.join(" became "),
    element("ul", {}, ...one.what.slice(0, MOST).map(line => element("li", {}, line)), ...(more > 0 ? [element("li", {}, `and ${more} more layers`)] : []))]
}

function legend(said) {
  const sample = change => {
    const svg = node("svg", { width: 20, height: 13, "aria-hidden": true }, node("g", { class: `column ${change}` },
      node("rect", { class: "box", x: 1, y: 1, width: 18, height: 11, rx: 2 }), node("rect", { class: "texture", fill: `url(#${change})`, x: 1, y: 1, width: 18, height: 11 })))
    return svg
  }
  const words = { added: "+ added", removed: "− removed", changed: "~ changed" }
  return element("div", { class: "legend" }, element("b", {}, said), ...Object.entries(words).map(([change, word]) => element("span", {}, sample(change), word)))
}

export default function ({ parentElement, data: [data] }) {
  const root = parentElement.querySelector(".aligned")
  const { picture, names } = data
  const columns = picture.columns.map(one => column(one, picture, data))
  const first = picture.columns[0]?.x ?? 0
  const last = picture.columns.at(-1)
  const svg = node("svg", { width: Math.max(picture.width, 200), height: picture.height, role: "group", "aria-label": data.label }, textures(),
    ...picture.lines.map(y => node("path", { class: "line", d: `M${first - 8} ${y}H${last.x + last.w + 8}` })),
    ...picture.stages.map(([name, x]) => node("text", { class: "stage", x, y: 14 }, name)), ...columns)
  const shown = element("div", { class: "detail", "aria-live": "polite" })
  const title = words => element("div", { class: "legend" }, element("b", {}, words))
  const scroll = element("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Both networks" }, svg)
  const at = root.querySelector(".scroll")?.scrollLeft ?? 0
  const drawn = element("div", { class: "drawn" }, title(`${names[0]} above`), scroll, title(`${names[1]} below`))
  root.replaceChildren(legend(data.said), element("div", { class: "beside" }, drawn, shown))
  scroll.scrollLeft = at

  const choose = name => {
    chosen.set(parentElement, name)
    const one = picture.columns.find(each => each.title === name)
    columns.forEach((g, i) => {
      g.classList.toggle("chosen", picture.columns[i] === one)
      g.setAttribute("aria-pressed", picture.columns[i] === one)
    })
    shown.replaceChildren(...detail(one, names))
  }
  choose(chosen.get(parentElement) ?? picture.columns.find(one => one.change !== "same")?.title)
  svg.onclick = event => {
    const name = event.target.closest(".column")?.dataset.title
    if (name) choose(name)
  }
  svg.onkeydown = event => {
    const from = columns.indexOf(event.target.closest(".column"))
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (from < 0) return
    if (step) columns[Math.min(Math.max(from + step, 0), columns.length - 1)].focus()
    else if (event.key === "Enter" || event.key === " ") choose(columns[from].dataset.title)
    else return
    event.preventDefault()
  }
}
