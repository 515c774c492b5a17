import { EmptyState, Page } from '../../ui/index.ts'

export function ComparisonPage() {
  return (
    <Page name="Two runs">
      <EmptyState title="On its way." />
    </Page>
  )
}
