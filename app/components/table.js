// A table that one can sort by any column and choose a row of. Rows come with what is shown and what is sorted by.
const orders = new WeakMap() // parentElement -> {column, down}: outlives new data

const LINKED = "resnet_tf:under"
const tell = name => dispatchEvent(new CustomEvent(LINKED, { detail: { name, from: "table" } }))

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

function cellOf(column, { value, shown }) {
  const cell = element("td", { class: column.kind })
  if (column.kind !== "bar") cell.append(shown)
  else cell.append(element("i", { style: `--share:${(100 * value) / (column.most || 1)}%` }), element("span", {}, shown))
  return cell
}

export default function ({ parentElement, data: [data], setTriggerValue }) {
  const root = parentElement.querySelector(".table")
  const order = orders.get(parentElement) ?? { column: -1, down: true }
  orders.set(parentElement, order)
  root.style.maxHeight = `${data.height}px`

  const draw = () => {
    const rows = [...data.rows]
    const at = order.column
    if (at >= 0) {
      const key = row => row.cells[at].value
      rows.sort((a, b) => (typeof key(a) === "number" ? key(a) - key(b) : String(key(a)).localeCompare(key(b), "en", { numeric: true })))
      if (order.down) rows.reverse()
    }
    const heads = data.columns.map((column, i) => {
      const sorted = i === at ? (order.down ? "descending" : "ascending") : "none"
      const button = element("button", { type: "button", title: column.help || `Sort by ${column.title}` }, column.title)
      button.onclick = () => {
        Object.assign(order, { column: i, down: i === order.column ? !order.down : column.kind !== "text" })
        draw()
        root.querySelectorAll("th button")[i].focus()
      }
      return element("th", { scope: "col", class: column.kind, "aria-sort": sorted }, button)
    })
    const body = rows.map(row => {
      const cells = row.cells.map((cell, i) => cellOf(data.columns[i], cell))
      const line = element("tr", { "data-id": row.id, class: row.id === data.selected ? "chosen" : "" }, ...cells)
      if (data.choosable) {
        const name = cells[0].textContent
        const button = element("button", { type: "button", "aria-pressed": row.id === data.selected }, name)
        cells[0].replaceChildren(button)
        line.onclick = () => setTriggerValue("chosen", row.id)
        line.onpointerenter = () => tell(row.id)
        line.onpointerleave = () => tell(null)
      }
      return line
    })
    const made = element("table", { "aria-label": data.label },
      element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...body))
    root.querySelector("table")?.replaceWith(made) ?? root.append(made)
  }
  draw()
  // what is under the pointer here is shown on the canvas, and the other way round
  const hear = ({ detail: { name, from } }) => {
    if (from === "canvas") for (const line of root.querySelectorAll("tr[data-id]")) line.classList.toggle("under", line.dataset.id === name)
  }
  removeEventListener(LINKED, order.hear)
  addEventListener(LINKED, (order.hear = hear))
  return () => removeEventListener(LINKED, hear)
}
