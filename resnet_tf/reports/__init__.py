"""What was compared or measured, as a page and a paper that stand alone, and as data from which it is done again.

`subjects` makes reports of designs and their runs, `outcomes` of a lesson's outcome; `page.to_html`, `paper.to_pdf` and
`record.bibtex` write them, `record.read` reads one, `repeating.repeated` does its experiments again. Only `repeating`
loads Keras.
"""
