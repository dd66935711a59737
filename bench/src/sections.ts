import type { Section } from './results.ts'
import { contentionSection } from './sections/contention.ts'
import { growthSection } from './sections/growth.ts'
import { httpSection } from './sections/http.ts'
import { inProcessSection } from './sections/in-process.ts'
import { installationSection } from './sections/installation.ts'
import { remoteStoresSection } from './sections/remote-stores.ts'
import { scaleSection, tenMillionSection } from './sections/scale.ts'
import { usersSection } from './sections/users.ts'

/** In the order of the page: what users get first. */
export const sections: readonly Section[] = [
  httpSection,
  remoteStoresSection,
  usersSection,
  growthSection,
  contentionSection,
  scaleSection,
  tenMillionSection,
  installationSection,
  inProcessSection
]
