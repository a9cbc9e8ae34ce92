// What can be done to a part: asked of Python when a menu is wanted, by a right click, a long press or the menu key.
import { named } from "./svg.js"

const HOLD = 500 // ms of a finger

const make = (name, attributes, ...children) => {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

export function menus(svg, root, board) {
  const box = root.querySelector(".menu")
  let asked = null // where the next menu is to stand, and what had the focus
  let drawn = "" // its rows, which a page that is drawn anew gives again
  let holding = null

  const partAt = target => target.closest?.("[data-piece]")?.dataset.piece ?? target.closest?.(".ground")?.dataset.ground
  function ask(part, x, y) {
    if (!part || part === "input" || !board.data.edits) return
    const frame = root.getBoundingClientRect()
    asked = { part, x: x - frame.left, y: y - frame.top, back: root.getRootNode().activeElement }
    board.send("menu", part)
    const had = board.data.edits.menu // what is the same is not sent again
    if (had?.part === part) show(had)
  }
  function close(isTold = true) {
    if (box.hidden) return
    box.hidden = true
    asked?.back?.focus?.({ preventScroll: true })
    asked = null
    if (isTold) board.send("menu", "")
  }
  function rowOf({ name, words, keys, legal, says }, part) {
    const row = make("button", { type: "button", role: "menuitem", tabindex: -1, "aria-disabled": !legal },
      make("span", {}, words), make("kbd", {}, keys), make("small", {}, says))
    row.onclick = () => {
      if (!legal) return
      box.hidden = true
      asked = null
      board.send("moved", { part, name })
    }
    return row
  }

  svg.addEventListener("contextmenu", event => {
    const part = partAt(event.target)
    if (!part || !board.data.edits) return
    event.preventDefault()
    if (event.pointerType === "touch") return // a finger that rests was heard below
    const { x, bottom } = event.target.getBoundingClientRect()
    if (event.clientX || event.clientY) ask(part, event.clientX, event.clientY)
    else ask(part, x, bottom)
  })
  svg.addEventListener("pointerdown", event => {
    if (event.pointerType !== "touch") return
    const [part, x, y] = [partAt(event.target), event.clientX, event.clientY] // later its target is the canvas' host
    board.held = false
    holding = setTimeout(() => {
      board.held = true // and what the finger does when it leaves is no click
      ask(part, x, y)
    }, HOLD)
  })
  for (const over of ["pointermove", "pointerup", "pointercancel"]) svg.addEventListener(over, () => clearTimeout(holding))
  box.addEventListener("keydown", event => {
    const rows = [...box.querySelectorAll("button")]
    const i = rows.indexOf(root.getRootNode().activeElement)
    const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: rows.length - 1 }[event.key]
    if (to !== undefined) rows[(to + rows.length) % rows.length].focus()
    else if (event.key === "Escape" || event.key === "Tab") close()
    else return
    event.preventDefault()
    event.stopPropagation()
  })
  root.addEventListener("pointerdown", event => box.contains(event.target) || close())

  // Shows the menu that Python gave, where it was asked for
  function show(menu) {
    if (!menu || menu.part !== asked?.part) return
    const text = JSON.stringify(menu)
    if (!box.hidden && text === drawn) return
    drawn = text
    box.replaceChildren(...menu.rows.map(row => rowOf(row, menu.part)))
    box.setAttribute("aria-label", `What can be done to ${named(menu.part)}`)
    box.hidden = false
    box.style.left = `${Math.max(0, Math.min(asked.x, root.clientWidth - box.offsetWidth))}px`
    box.style.top = `${Math.max(0, asked.y + 4)}px`
    box.querySelector("button")?.focus({ preventScroll: true })
  }

  return { ask, show }
}
