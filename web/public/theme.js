// Before the first paint, so that a dark page is never white for a moment.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('noonmark-theme')
  } catch {
    // Storage may be closed to us; then the system decides.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
