import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { Menu, X } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useEffect, useRef, useState } from 'react'
import { statusQuery } from '../api/queries.ts'
import { DefinitionNotice } from './definition-notice.tsx'
import { useLiveUpdates } from './live-updates.ts'
import { Mark } from './mark.tsx'
import { Navigation } from './navigation.tsx'
import { PlatformClock } from './platform-clock.tsx'
import { ThemeSwitch } from './theme.tsx'

/** Around every page: the way to all others, the project, its clock, the theme. */
export function AppShell() {
  useLiveUpdates()
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const first = useRef(true)
  useEffect(() => {
    if (first.current) first.current = false
    else main.current?.focus({ preventScroll: true })
  }, [pathname])
  return (
    <>
      <a
        href="#main"
        className="sr-only z-50 rounded-lg bg-surface px-4 py-2 font-medium shadow-raised focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        Skip to the page
      </a>
      <div className="lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
        <aside className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-surface lg:flex">
          <div className="px-4 pt-4 pb-5">
            <Brand />
          </div>
          <div className="flex-1 overflow-y-auto px-2.5 pb-4">
            <Navigation />
          </div>
          <div className="space-y-3 border-t border-line p-4">
            <PlatformClock />
            <ThemeSwitch />
          </div>
        </aside>
        <div className="min-w-0">
          <TopBar />
          <DefinitionNotice />
          <main
            id="main"
            ref={main}
            tabIndex={-1}
            className="mx-auto max-w-[88rem] px-4 py-5 outline-none sm:px-6 lg:px-8 lg:py-7"
          >
            <Outlet />
          </main>
        </div>
      </div>
    </>
  )
}

function Brand() {
  const { data } = useQuery(statusQuery)
  return (
    <Link to="/" className="flex items-center gap-2.5 rounded-lg">
      <Mark />
      <span className="min-w-0 leading-tight">
        <span className="block font-semibold tracking-tight">Noonmark</span>
        <span className="block min-h-4 truncate text-xs text-muted">{data?.project ?? ''}</span>
      </span>
    </Link>
  )
}

/** On narrow screens the way to other pages lies behind a button. */
function TopBar() {
  const [open, setOpen] = useState(false)
  return (
    <header className="sticky top-0 z-30 flex items-center justify-between border-b border-line bg-surface px-4 py-2.5 lg:hidden">
      <Brand />
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger className="rounded-lg border border-line p-2 text-muted hover:text-ink" aria-label="Menu">
          <Menu size={18} aria-hidden />
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-[rgb(12_14_18/0.45)]" />
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed inset-y-0 right-0 z-50 flex w-[min(20rem,88vw)] flex-col bg-surface shadow-raised focus:outline-none"
          >
            <div className="flex items-center justify-between px-4 py-3">
              <Dialog.Title className="font-semibold tracking-tight">Menu</Dialog.Title>
              <Dialog.Close className="rounded-lg p-2 text-muted hover:text-ink" aria-label="Close the menu">
                <X size={18} aria-hidden />
              </Dialog.Close>
            </div>
            <div className="flex-1 overflow-y-auto px-2 pb-4">
              <Navigation onNavigate={() => setOpen(false)} />
            </div>
            <div className="flex items-center justify-between gap-3 border-t border-line p-4">
              <PlatformClock />
              <ThemeSwitch />
            </div>
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </header>
  )
}
