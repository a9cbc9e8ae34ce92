"""The claims of the talk that this project began as, each with an experiment that looks whether it is so.

`course.lessons("en")` are the lessons as a page shows them, `results.recorded(name, mode)` what came of one when it
was last done, `running.run(lesson)` does it here. Only `running` and `measures` load Keras.
"""
