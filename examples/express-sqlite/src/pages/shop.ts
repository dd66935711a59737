import { setTimeout as delay } from 'node:timers/promises'
import { getSession } from '@kvsession/express'
import { Router } from 'express'
import { formField } from '../form-field.ts'
import { type Html, html } from '../html.ts'
import { createHttpError } from '../http-error.ts'
import { postForm } from '../layout.ts'
import { findProduct, type Product, price, products } from '../products.ts'
import { type Site, sendPage } from '../site.ts'
import type { View } from '../view.ts'

const slowSeconds = 3

export function shopPages(site: Site): Router {
  const router = Router()

  router.get('/', (request, response) => sendPage(site, request, response, { title: 'Shop', content: shop }))

  router.post('/cart/add', async (request, response) => {
    const product = wanted(formField(request, 'product'))
    const session = getSession(request)
    // Lets another tab change the cart between the read and the write of this request.
    if (formField(request, 'slow') !== '') await delay(slowSeconds * 1000)
    // Not `session.data.cart[…] += 1`, because two requests could add to the same old value. This runs on fresh data.
    const stored = await session.update((data) => {
      data.cart = { ...data.cart, [product.id]: (data.cart?.[product.id] ?? 0) + 1 }
      data.messages = [...(data.messages ?? []), `${product.name} is in your cart.`]
    })
    response.redirect(303, stored ? '/' : '/login?ended')
  })

  router.post('/cart/remove', async (request, response) => {
    const product = wanted(formField(request, 'product'))
    const stored = await getSession(request).update((data) => {
      const { [product.id]: _removed, ...cart } = data.cart ?? {}
      data.cart = cart
    })
    response.redirect(303, stored ? '/' : '/login?ended')
  })

  return router
}

function wanted(id: string): Product {
  const product = findProduct(id)
  if (!product) throw createHttpError(404, 'There is no such product', 'Choose one from the shop.')
  return product
}

function shop(view: View): Html {
  return html`<div class="columns">
    <section aria-labelledby="shelf">
      <h1 id="shelf">On the shelf</h1>
      <ul class="rows">${products.map((product) => shelf(view, product))}</ul>
      <p class="hint">
        <strong>Try it:</strong> open this page in two tabs and press <em>Add slowly</em> in both. Each request reads
        your session, waits ${slowSeconds} seconds and then writes. Both pieces arrive.
      </p>
    </section>
    ${cart(view)}
  </div>`
}

function shelf(view: View, { id, name, cents }: Product): Html {
  const buttons = html`<input type="hidden" name="product" value="${id}">
    <button aria-label="Add ${name}">Add</button>
    <button class="plain" name="slow" value="1" aria-label="Add ${name} slowly">Add slowly</button>`
  return html`<li>
    <span class="grow">${name}</span>
    <span class="number">${price(cents)}</span>
    ${postForm(view, '/cart/add', buttons)}
  </li>`
}

function cart(view: View): Html {
  const lines = Object.entries(view.session.data.cart ?? {}).flatMap(([id, pieces]) => {
    const product = findProduct(id)
    return product ? [{ product, pieces }] : []
  })
  const total = lines.reduce((sum, { product, pieces }) => sum + product.cents * pieces, 0)
  if (lines.length === 0) {
    return html`<section class="cart" aria-labelledby="cart"><h2 id="cart">Your cart</h2><p>Nothing in it yet.</p></section>`
  }
  return html`<section class="cart" aria-labelledby="cart">
    <h2 id="cart">Your cart</h2>
    <ul class="rows">
      ${lines.map(({ product, pieces }) => {
        const remove = html`<input type="hidden" name="product" value="${product.id}">
          <button class="plain" aria-label="Remove ${product.name}">Remove</button>`
        return html`<li>
          <span class="grow"><span class="number">${pieces} ×</span> ${product.name}</span>
          ${postForm(view, '/cart/remove', remove)}
        </li>`
      })}
    </ul>
    <p class="total"><span>Total</span> <strong class="number">${price(total)}</strong></p>
  </section>`
}
