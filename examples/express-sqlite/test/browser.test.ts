import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchChromium } from './chromium.ts'
import { type RunningServer, startServer } from './start-server.ts'

const password = 'correct horse battery'
const pictures = fileURLToPath(new URL('../.data/screenshots', import.meta.url))

if (chromiumPath === undefined) {
  console.warn(
    'NO BROWSER: the demo is not tested in a browser. Install it (apt-get install chromium) or set CHROMIUM_PATH.'
  )
}

// With KVSESSION_REQUIRE_ENGINES=1 a missing browser is a failure, not a skip, and the launch names it.
describe.skipIf(chromiumPath === undefined && process.env.KVSESSION_REQUIRE_ENGINES !== '1')(
  'The demo in a browser',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'shop-'))
    const contexts: BrowserContext[] = []
    const complaints: string[] = []
    let server: RunningServer
    let browser: Browser

    beforeAll(async () => {
      mkdirSync(pictures, { recursive: true, mode: 0o700 })
      browser = await launchChromium()
      server = await startServer(folder)
    })
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()))
      // Detects a blocked style sheet or a script error.
      expect(complaints.splice(0)).toEqual([])
    })
    afterAll(async () => {
      await browser?.close()
      await server?.kill()
      rmSync(folder, { recursive: true })
    })

    /** A new browser context with its own cookies, showing the shop. */
    async function visit(options: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options })
      contexts.push(context)
      return openTab(context)
    }

    async function openTab(context: BrowserContext): Promise<Page> {
      const page = await context.newPage()
      page.on('console', (message) => {
        const expected = /status of (401|403|404|422)/.test(message.text())
        if (message.type() === 'error' && !expected) complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(server.address)
      return page
    }

    async function enter(page: Page, how: 'Sign up' | 'Log in', name: string, remember = false): Promise<void> {
      await page.getByRole('link', { name: how }).first().click()
      await page.getByLabel('Name').fill(name)
      await page.getByLabel('Password').fill(password)
      if (remember) await page.getByLabel('Remember me').check()
      await page.getByRole('button', { name: how }).click()
      await page.getByText(`Hello, ${name}.`).waitFor()
    }

    async function picture(page: Page, name: string): Promise<void> {
      await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
    }

    const add = (page: Page, product: string) =>
      page.getByRole('button', { name: `Add ${product}`, exact: true }).click()
    const cart = (page: Page) => page.getByRole('region', { name: 'Your cart' })
    const panel = (page: Page) => page.getByRole('region', { name: 'This session' })

    it('A visitor fills a cart, signs up and keeps it, with the same id and a new token id', async () => {
      const page = await visit()
      await panel(page).getByText('None yet').waitFor()
      expect(await page.context().cookies()).toEqual([])
      await picture(page, '01-visitor')

      await add(page, 'Lime honey')
      const [id, tokenId] = await panel(page).locator('code').allTextContents()
      await page.getByRole('link', { name: 'Sign up' }).click()
      await page.getByLabel('Name').fill('ada')
      await page.getByLabel('Password').fill('short')
      await page.getByRole('button', { name: 'Sign up' }).click()
      await page.getByRole('alert').getByText('at least 8 characters').waitFor()
      await picture(page, '02-mistyped')

      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign up' }).click()
      await page.getByText('Hello, ada.').waitFor()
      await cart(page).getByText('1 × Lime honey').waitFor()
      const [idAfter, tokenIdAfter] = await panel(page).locator('code').allTextContents()
      expect(idAfter).toBe(id)
      expect(tokenIdAfter).not.toBe(tokenId)
      await picture(page, '03-signed-up')
    })

    it('Two tabs add products concurrently, and both are in the cart', async () => {
      const first = await visit()
      await enter(first, 'Sign up', 'tabs')
      const second = await openTab(first.context())
      const slowly = (page: Page, product: string) =>
        page.getByRole('button', { name: `Add ${product} slowly` }).click()
      await Promise.all([slowly(first, 'Darjeeling tea'), slowly(second, 'Coffee beans')])
      await first.reload()
      await cart(first).getByText('1 × Darjeeling tea').waitFor()
      await cart(first).getByText('1 × Coffee beans').waitFor()
      await picture(first, '04-both-arrived')
    })

    it('A user sees the other devices and logs one of them out', async () => {
      const here = await visit()
      await enter(here, 'Sign up', 'devices')
      const there = await visit({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' })
      await enter(there, 'Log in', 'devices', true)

      await here.getByRole('link', { name: 'My devices' }).click()
      await here.getByText('You are logged in on 2 devices.').waitFor()
      await picture(here, '05-devices')
      await here.getByRole('listitem').filter({ hasText: 'Firefox on Linux' }).getByRole('button').click()
      await here.getByText('You are logged in on 1 device.').waitFor()
      await picture(here, '06-one-logged-out')

      await there.getByRole('link', { name: 'My devices' }).click()
      await there.getByRole('heading', { name: 'Log in' }).waitFor()
    })

    it('A user logs out everywhere else', async () => {
      const here = await visit()
      await enter(here, 'Sign up', 'elsewhere')
      const others = [await visit(), await visit()]
      for (const page of others) await enter(page, 'Log in', 'elsewhere')

      await here.getByRole('link', { name: 'My devices' }).click()
      await here.getByRole('button', { name: 'Log out everywhere else' }).click()
      await here.getByText('Logged out everywhere else: 2 devices.').waitFor()
      for (const page of others) {
        await page.getByRole('link', { name: 'Account' }).click()
        await page.getByRole('heading', { name: 'Log in' }).waitFor()
      }
    })

    it('The cookie outlives the browser only for a user who chose to be remembered', async () => {
      const forgotten = await visit()
      await enter(forgotten, 'Sign up', 'remember')
      const remembered = await visit()
      await enter(remembered, 'Log in', 'remember', true)
      await remembered.getByRole('link', { name: 'Account' }).click()

      const [browserSession] = await forgotten.context().cookies()
      const [persistent] = await remembered.context().cookies()
      expect(browserSession).toMatchObject({ name: 'sid', expires: -1, httpOnly: true, sameSite: 'Lax' })
      const days = ((persistent?.expires ?? 0) - Date.now() / 1000) / 86_400
      expect(days).toBeGreaterThan(30.9)
      expect(days).toBeLessThan(31.1)
    })

    it('A kill -9 and a restart log no user out', async () => {
      const page = await visit()
      await enter(page, 'Sign up', 'killed')
      await add(page, 'Rye bread')
      await cart(page).getByText('1 × Rye bread').waitFor()
      // A truncated style sheet would be reported as an error.
      await page.waitForLoadState('networkidle')

      await server.kill()
      server = await startServer(folder, new URL(server.address).port)
      await add(page, 'Rye bread')
      await cart(page).getByText('2 × Rye bread').waitFor()
      await page.getByRole('link', { name: 'Account' }).click()
      await page.getByRole('heading', { name: 'Your account, killed' }).waitFor()
    })

    it('The Back button shows no page of the user after a logout', async () => {
      const page = await visit()
      await enter(page, 'Sign up', 'leaver')
      await add(page, 'Salted butter')
      await page.getByRole('link', { name: 'Account' }).click()
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByText('You are logged out.').waitFor()
      expect(await page.context().cookies()).toEqual([])
      await picture(page, '07-logged-out')

      await page.goBack()
      expect(await page.content()).not.toContain('leaver')
      await page.goBack()
      await cart(page).getByText('Nothing in it yet').waitFor()
      expect(await page.content()).not.toContain('leaver')
    })

    it('A new password logs out the other devices and a copied cookie', async () => {
      const here = await visit()
      await enter(here, 'Sign up', 'password')
      const thief = await visit()
      await thief.context().addCookies(await here.context().cookies())
      const before = await openTab(here.context())

      await here.getByRole('link', { name: 'Account' }).click()
      await picture(here, '08-account')
      await here.getByLabel('Current password').fill(password)
      await here.getByLabel('New password').fill('another horse battery')
      await here.getByRole('button', { name: 'Change password' }).click()
      await here.getByText('The password is changed.').waitFor()
      await thief.goto(`${server.address}/account`)
      await thief.getByRole('heading', { name: 'Log in' }).waitFor()

      // An earlier form has a token that is bound to the old secret.
      await add(before, 'Lime honey')
      await before.getByRole('heading', { name: 'This form is out of date' }).waitFor()
      await picture(before, '09-out-of-date')
    })

    it('The shop works on a phone, in dark mode and without scripts', async () => {
      const page = await visit({ javaScriptEnabled: false, colorScheme: 'dark', viewport: { width: 360, height: 740 } })
      await enter(page, 'Sign up', 'phone')
      await add(page, 'Coffee beans')
      await cart(page).getByText('1 × Coffee beans').waitFor()
      await picture(page, '10-phone')
      await page.getByRole('link', { name: 'My devices' }).click()
      await picture(page, '11-phone-devices')
      const [body] = await page.locator('body').all()
      expect((await body?.boundingBox())?.width).toBeLessThanOrEqual(360)
    })
  }
)
