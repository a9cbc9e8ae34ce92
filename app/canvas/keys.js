// Keys: arrows walk the boxes, Enter unfolds or folds one, Space chooses it, Escape lets go. One box is in the order of
// Tab at a time (a roving tabindex), and what has the focus is brought into sight.
export function keys(svg, board) {
  const rove = to => {
    for (const other of svg.querySelectorAll('.node[tabindex="0"]')) other.setAttribute("tabindex", -1)
    to.setAttribute("tabindex", 0)
  }
  const boxes = () => [...svg.querySelectorAll(".node[role]")].sort((a, b) => a.getBoundingClientRect().x - b.getBoundingClientRect().x)

  // Brings an end of the network into sight, where only what is in sight is drawn
  function reveal(isFirst) {
    const { view, scene, size } = board
    board.look({ ...view, x: isFirst ? 0 : size.width - scene.width * view.k, fitted: false })
  }

  svg.addEventListener("keydown", event => {
    const from = event.target.closest?.(".node")
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return
    const name = from.closest("[data-piece]").dataset.piece
    if (event.key === "Home" || event.key === "End") reveal(event.key === "Home")
    const all = boxes()
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const to = step ? all[all.indexOf(from) + step] : { Home: all[0], End: all[all.length - 1] }[event.key]
    if (step || to) to?.focus({ preventScroll: true })
    else if (event.key === "Enter") board.turn(name)
    else if (event.key === " ") board.choose(name)
    else if (event.key === "Escape" && board.selected) board.choose(board.selected)
    else if (board.data.edits?.keys.includes(event.key)) board.send("moved", { part: name, key: event.key })
    else return
    event.preventDefault()
  })
  svg.addEventListener("focusin", event => {
    const box = event.target.closest?.(".node[role]")
    if (!box) return
    rove(box)
    const [frame, seen] = [svg.parentElement.getBoundingClientRect(), box.getBoundingClientRect()]
    const off = Math.min(0, frame.right - 40 - seen.right) || Math.max(0, frame.left + 40 - seen.left)
    if (off) board.look({ ...board.view, x: board.view.x + off, fitted: false })
  })

  return {
    // One box can be reached by Tab, whatever was drawn anew
    keep() {
      if (!svg.querySelector('.node[role][tabindex="0"]')) svg.querySelector(".node[role]")?.setAttribute("tabindex", 0)
    },
  }
}
