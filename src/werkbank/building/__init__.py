"""The study builder: one form, in JupyterLab and as a page on this computer, that writes the study.yaml of a study.

What it shows is what drafting sees and guesses; what is chosen in it are drafting's answers. The text that it writes is
therefore that of ``werkbank new --from`` with the same answers.
"""
