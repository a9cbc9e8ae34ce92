// One line about what is under the pointer or has the focus, and the row of the cost table that is the same block.
// The table says and hears it too: both by an event on the window.
import { says } from "./scene.js"

const LINKED = "resnet_tf:under"

export function hover(svg, line, board) {
  let under = null

  function show(name, text) {
    line.textContent = text || board.hint
    if (name === under) return
    under = name
    for (const g of svg.querySelectorAll(".piece.under")) g.classList.remove("under")
    if (name) svg.querySelector(`[data-piece="${CSS.escape(name)}"]`)?.classList.add("under")
  }
  function tell(event) {
    const box = event.target.closest?.(".node")
    const name = box?.closest("[data-piece]").dataset.piece ?? null
    const piece = board.scene.byName.get(name)
    const n = piece?.drawing.nodes.find(n => piece.name + n.id === box.dataset.id)
    show(name, piece && says(piece, n))
    dispatchEvent(new CustomEvent(LINKED, { detail: { name, from: "canvas" } }))
  }
  svg.addEventListener("pointerover", tell)
  svg.addEventListener("focusin", tell)
  svg.addEventListener("pointerleave", () => show(null, ""))
  const hear = ({ detail: { name, from } }) => {
    if (from === "canvas") return
    const piece = board.scene?.byName.get(name) ?? board.scene?.byName.get(name?.split(".")[0])
    show(piece?.name ?? null, piece && says(piece, piece.drawing.nodes[0]))
  }
  board.outer.push(signal => addEventListener(LINKED, hear, { signal }))
}
