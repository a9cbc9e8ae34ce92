// Saved designs as cards that one can filter by words and tags, sort, choose (a click, Enter) and open (a double click).
const views = new WeakMap() // parentElement -> what outlives new data: the order, the tags chosen

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

const fits = (card, typed, tags) => {
  const words = [card.name, ...card.tags, card.notes].join(" ").toLowerCase()
  return typed.every(word => words.includes(word)) && tags.every(tag => card.tags.includes(tag))
}

const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }))

function drawCard(card, chosen) {
  const picture = element("div", { class: "picture", "aria-hidden": "true" })
  picture.innerHTML = card.picture // of numbers alone: thumbnail.py puts no words in
  const tags = element("span", { class: "marks" }, ...card.tags.map(tag => element("i", {}, tag)))
  return element("button", { type: "button", class: "card", "aria-pressed": card.name === chosen },
    picture, element("b", { title: card.name }, card.name), element("span", {}, card.costs),
    element("span", { class: "foot" }, element("span", {}, card.runs), element("span", {}, card.when)), tags)
}

export default function ({ parentElement, data: [data], setTriggerValue }) {
  const root = parentElement.querySelector(".gallery")
  const [input, select, marks, list, said] = ["input", "select", ".tags", ".cards", ".said"].map(each => root.querySelector(each))
  const view = views.get(parentElement) ?? { order: 0, tags: new Set() }
  views.set(parentElement, view)
  const known = [...new Set(data.cards.flatMap(card => card.tags))].sort(compare)
  view.tags = new Set([...view.tags].filter(tag => known.includes(tag)))

  select.replaceChildren(...data.orders.map(([title], i) => element("option", { value: i }, title)))
  select.value = view.order
  const draw = () => {
    const rises = data.orders[view.order][1]
    const typed = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    const shown = data.cards.filter(card => fits(card, typed, [...view.tags]))
    shown.sort((a, b) => (rises ? 1 : -1) * compare(a.by[view.order], b.by[view.order]))
    list.replaceChildren(...shown.map(card => {
      const button = drawCard(card, data.chosen)
      button.onclick = () => setTriggerValue("chosen", card.name)
      button.ondblclick = () => setTriggerValue("opened", card.name)
      return element("li", {}, button)
    }))
    const more = data.left_out ? ` ${data.left_out.toLocaleString("en")} saved before them are found by Ctrl+K.` : ""
    said.textContent = (shown.length ? "" : "No saved design is called so.") + more
  }
  marks.replaceChildren(...known.map(tag => {
    const button = element("button", { type: "button", "aria-pressed": view.tags.has(tag) }, tag)
    button.onclick = () => {
      const added = !view.tags.delete(tag)
      if (added) view.tags.add(tag)
      button.setAttribute("aria-pressed", added)
      draw()
    }
    return button
  }))
  input.oninput = draw
  input.onkeydown = event => event.stopPropagation() // the page's own shortcuts rest while one types here
  select.onchange = () => {
    view.order = Number(select.value)
    draw()
  }
  const focused = root.getRootNode().activeElement?.querySelector?.("b")?.textContent
  draw()
  if (focused) [...list.querySelectorAll(".card")].find(card => card.querySelector("b").textContent === focused)?.focus()
}
