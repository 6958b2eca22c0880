"""Pages for browsers: templates, words in two languages, one style sheet, one script. Knows no request and no store."""
