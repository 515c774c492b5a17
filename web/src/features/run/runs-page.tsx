import { EmptyState, Page } from '../../ui/index.ts'

export function RunsPage() {
  return (
    <Page name="Runs">
      <EmptyState title="On its way." />
    </Page>
  )
}
