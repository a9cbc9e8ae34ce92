// Ctrl+K opens a dialog that finds while one types. What there is to find is asked for at each opening: first what the
// server knows by heart, then what is in its records.
const MOST = 40 // found things that are listed
const EACH = 6 // of each kind, while nothing is typed
const PATIENCE = 15000 // ms: so long a control that was chosen may take to be drawn
const STEADY = 15 // looks, 60 ms apart, after which a control that has the keyboard keeps it
const PARTS = ["known", "recorded"]
let reached = 0 // when the control was chosen that was brought into sight last
const boxes = new WeakMap() // parentElement -> what outlives a redraw: what there is, what is found, the listener

const squeezed = text => text.replace(/[^\p{L}\p{N}]+/gu, "")
const parts = text => text.match(/[\p{L}\p{N}]+/gu) ?? []

// What of a thing is compared with what is typed; made once, when it comes
export const prepared = ([kind, id, title, words, note]) => {
  const name = title.toLowerCase()
  const also = words.toLowerCase()
  return { kind, id, title, note, flat: squeezed(name), names: parts(name), also, others: parts(also) }
}

// The share of a name that a term's letters span, if they come in it in this order: 1 is without gaps; else 0
function spanned(term, name) {
  let from = -1, at = -1
  for (const letter of term) {
    at = name.indexOf(letter, at + 1)
    if (at < 0) return 0
    if (from < 0) from = at
  }
  return term.length / (at - from + 1)
}

// Whether one slip of a finger (a letter too many, too few, another, or two swapped) makes the beginning of the word
function nearly(term, word) {
  if (word.length < term.length - 1) return false
  let i = 0
  while (i < term.length && term[i] === word[i]) i += 1
  const goesOn = (from, at) => word.startsWith(term.slice(from), at)
  return goesOn(i + 1, i) || goesOn(i, i + 1) || goesOn(i + 1, i + 1) ||
    (term[i] === word[i + 1] && term[i + 1] === word[i] && goesOn(i + 2, i + 2))
}

// How well a term fits a thing; 0 is not at all
function fit([term, plain], thing) {
  if (thing.flat === plain) return 120
  if (thing.flat.startsWith(plain)) return 100
  if (thing.names.some(word => word.startsWith(plain))) return 80
  if (thing.flat.includes(plain)) return 60
  if (thing.others.some(word => word.startsWith(plain))) return 40
  if (thing.also.includes(term)) return 30
  if (plain.length > 3 && (nearly(plain, thing.flat) || thing.names.some(word => nearly(plain, word)))) return 25
  const share = plain.length > 1 ? spanned(plain, thing.flat) : 0
  return share > 0.4 ? 20 * share : 0
}

// The things that every term fits, the best first, shorter names before longer ones; where nothing is typed some of each
export function found(things, typed) {
  const terms = typed.toLowerCase().split(/\s+/).filter(Boolean).map(term => [term, squeezed(term)])
  if (!terms.length) return few(things)
  if (terms.some(([, plain]) => !plain)) return []
  const whole = [terms.map(([term]) => term).join(" "), terms.map(([, plain]) => plain).join("")]
  const scored = []
  for (const thing of things) {
    let sum = 0
    for (const term of terms) {
      const one = fit(term, thing)
      sum = one && sum + one
      if (!one) break
    }
    if (sum) scored.push([terms.length > 1 ? sum + fit(whole, thing) : sum, thing])
  }
  scored.sort(([a, x], [b, y]) => b - a || x.title.length - y.title.length)
  return scored.slice(0, MOST).map(([, thing]) => thing)
}

function few(things) {
  const seen = {}
  return things.filter(({ kind }) => (seen[kind] = (seen[kind] ?? 0) + 1) <= EACH)
}

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

// Brings a control of the page into sight and gives it the keyboard once it is drawn, and again while the page is drawn
// around it; who touches anything meanwhile is left alone
function reach(keys) {
  const until = performance.now() + PATIENCE
  let held = 0
  const stop = () => (held = STEADY)
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, stop, { once: true, capture: true })
  const look = () => {
    if (held >= STEADY || performance.now() > until) return
    const drawn = keys.map(key => document.querySelector(`.st-key-${CSS.escape(key.replace(/[^a-zA-Z0-9_-]/g, "-"))}`))
    const control = drawn.find(Boolean)?.querySelector("input, [aria-checked=true], button:not([aria-label^=Help])")
    if (control && control === document.activeElement) held += 1
    else if (control) {
      control.scrollIntoView({ block: "center" })
      control.focus()
    }
    setTimeout(look, 60)
  }
  look()
}

function list(root, box) {
  const rows = box.found.map((thing, i) => {
    const row = element("div", { id: `found-${i}`, role: "option", "aria-selected": i === box.chosen, title: thing.note },
      element("b", {}, thing.title), element("span", {}, thing.note), element("i", {}, thing.kind))
    row.onclick = () => box.choose(thing)
    return row
  })
  root.querySelector("[role=listbox]").replaceChildren(...rows)
  rows[box.chosen]?.scrollIntoView({ block: "nearest" })
  root.querySelector("input").setAttribute("aria-activedescendant", rows.length ? `found-${box.chosen}` : "")
}

// Finds anew; what one has walked to stays chosen while more comes
function find(root, box, walkedTo = null) {
  const typed = root.querySelector("input").value
  box.found = found([...(box.things.recorded ?? []), ...(box.things.known ?? [])], typed) // one's own first
  box.chosen = Math.max(0, box.found.findIndex(thing => thing.kind === walkedTo?.kind && thing.id === walkedTo.id))
  list(root, box)
  const none = !box.waits && !box.found.length ? `Nothing is called ${typed.trim()}` : ""
  root.querySelector(".said").textContent = none || box.trouble || ""
}

// Arrows, Home and End walk what is found; Enter chooses; Escape is the dialog's own
function key(root, box, event) {
  event.stopPropagation() // the page's own shortcuts rest while one types here
  const last = box.found.length - 1
  const to = { ArrowDown: box.chosen + 1, ArrowUp: box.chosen - 1, PageDown: box.chosen + 8, PageUp: box.chosen - 8 }[event.key]
  if (to !== undefined) box.chosen = Math.min(last, Math.max(0, to))
  else if (event.key === "Enter" && !event.isComposing && event.target.matches("input")) {
    if (box.found[box.chosen]) box.choose(box.found[box.chosen])
    else box.isHasty = Boolean(box.waits)
    return event.preventDefault()
  } else return
  event.preventDefault()
  list(root, box)
}

export default function ({ parentElement, data: [data], setTriggerValue }) {
  const root = parentElement
  const [opener, dialog, input] = ["button.opener", "dialog", "input"].map(each => root.querySelector(each))
  const box = boxes.get(root) ?? { things: {}, found: [], chosen: 0 }
  const isNew = !boxes.has(root)
  boxes.set(root, box)

  box.choose = thing => {
    box.isHasty = false
    dialog.close()
    setTriggerValue("chosen", `${thing.kind}/${thing.id}`)
  }
  const ask = part => {
    box.waits = part
    if (part) setTriggerValue("asked", part)
  }
  box.open = () => {
    if (dialog.open) return input.select()
    input.value = ""
    box.isHasty = false
    dialog.showModal()
    ask(PARTS[0])
    find(root, box) // what was there the last time, until what is there now has come
  }
  if (data.part) {
    box.things[data.part] = data.items.map(prepared)
    box.trouble = data.trouble
    ask(dialog.open && data.part === box.waits ? PARTS[PARTS.indexOf(data.part) + 1] : null)
    if (dialog.open) find(root, box, box.chosen ? box.found[box.chosen] : null)
    if (box.isHasty && box.found.length) box.choose(box.found[0]) // Enter came before the answer
  } else if (box.waits && dialog.open) ask(box.waits) // a page that was drawn meanwhile took the answer's place
  if (data.focus && data.focus.at !== reached) reach(data.focus.keys)
  reached = data.focus?.at ?? reached

  opener.onclick = box.open
  input.oninput = () => find(root, box)
  dialog.onkeydown = event => key(root, box, event)
  dialog.onclick = event => void (event.target === dialog && dialog.close()) // beside the box
  root.querySelector(".close").onclick = () => dialog.close()
  if (isNew) {
    const isApple = /Mac|iPhone|iPad/.test(navigator.platform)
    opener.querySelector("kbd").textContent = isApple ? "⌘ K" : "Ctrl K"
    box.listen = event => {
      if (!(isApple ? event.metaKey : event.ctrlKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return
      event.preventDefault()
      event.stopPropagation()
      box.open()
    }
    addEventListener("keydown", box.listen, true)
  }
  return () => {
    if (root.isConnected) return // Streamlit ends a call that a newer one has overtaken, too
    removeEventListener("keydown", box.listen, true)
    boxes.delete(root)
  }
}
