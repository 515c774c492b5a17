import { defineConfig } from 'noonmark'

export default defineConfig({ project: 'flights' })
