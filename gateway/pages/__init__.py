"""The pages for everybody, in Arabic and English: privacy notice, rights, cookies, status, whom to tell of weaknesses."""
