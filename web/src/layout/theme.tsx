import { Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'

/** What a person chose; `system` follows the machine. */
export type ThemeChoice = 'light' | 'dark' | 'system'

const storageKey = 'noonmark-theme'
const listeners = new Set<() => void>()
const dark = matchMedia('(prefers-color-scheme: dark)')
let choice: ThemeChoice = stored()

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(storageKey)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system' // storage may be closed to us
  }
}

/** The theme in force. */
export function themeNow(): 'light' | 'dark' {
  if (choice !== 'system') return choice
  return dark.matches ? 'dark' : 'light'
}

function choose(next: ThemeChoice): void {
  choice = next
  try {
    if (next === 'system') localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, next)
  } catch {
    // The choice then holds for this page only.
  }
  announce()
}

function announce(): void {
  document.documentElement.dataset.theme = themeNow()
  for (const listener of listeners) listener()
}

dark.addEventListener('change', announce)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The theme in force, for what draws on canvas. */
export function useTheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, themeNow)
}

const choices = [
  { id: 'light', label: 'Light', icon: Sun },
  { id: 'dark', label: 'Dark', icon: Moon },
  { id: 'system', label: 'As the system', icon: Monitor },
] as const

/** Light, dark, or as the system. */
export function ThemeSwitch() {
  const current = useSyncExternalStore(subscribe, () => choice)
  return (
    <fieldset className="inline-flex rounded-lg border border-line bg-sunken p-0.5">
      <legend className="sr-only">Theme</legend>
      {choices.map(({ id, label, icon: Icon }) => (
        <button
          key={id}
          type="button"
          aria-pressed={current === id}
          aria-label={label}
          title={label}
          onClick={() => choose(id)}
          className="rounded-md px-2 py-1 text-muted hover:text-ink aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:ring-1 aria-pressed:ring-line-strong"
        >
          <Icon size={15} aria-hidden />
        </button>
      ))}
    </fieldset>
  )
}
