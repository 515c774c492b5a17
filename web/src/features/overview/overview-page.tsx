import { EmptyState, Page } from '../../ui/index.ts'

export function OverviewPage() {
  return (
    <Page name="Overview">
      <EmptyState title="On its way." />
    </Page>
  )
}
