// The buttons of a stage, above it while it is chosen or under the pointer: one block fewer, one more, what else.
import { named } from "./svg.js"
import { stageOf } from "./scene.js"

export function stagebar(bar, board) {
  let stage = null
  const labels = { "-": s => `One block fewer in ${named(s)}`, "+": s => `One block more in ${named(s)}`, menu: s => `What can be done to ${named(s)}` }
  bar.onclick = event => {
    const act = event.target.closest("button")?.dataset.edit
    if (!act || !stage) return
    const { left, bottom } = event.target.getBoundingClientRect()
    if (act === "menu") board.menu.ask(stage, left, bottom)
    else board.send("moved", { part: stage, name: act === "+" ? "deepen" : "shallow" })
  }

  return {
    // Stands at the right end of a stage's ground, or of what is seen of it
    place(hovered) {
      const wanted = hovered ?? (board.selected && stageOf(board.selected))
      const ground = board.data.edits && board.scene?.grounds.find(({ name }) => name === wanted && /^stage\d/.test(name))
      const { view, size } = board
      const right = ground && Math.min(size.width, view.x + (ground.x + ground.w) * view.k)
      const left = ground && view.x + ground.x * view.k
      bar.hidden = !ground || right < 40 || left > size.width - 20
      if (bar.hidden) return
      if (stage !== ground.name) {
        stage = ground.name
        for (const button of bar.children) button.setAttribute("aria-label", labels[button.dataset.edit](stage))
      }
      const y = Math.min(view.y + board.scene.bottom * view.k * view.tall + 2, size.height - bar.offsetHeight)
      bar.style.transform = `translate(${Math.max(0, right - bar.offsetWidth)}px, ${y}px)`
    },
  }
}
