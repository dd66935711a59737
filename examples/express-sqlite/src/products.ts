export interface Product {
  readonly id: string
  readonly name: string
  readonly cents: number
}

export const products: readonly Product[] = [
  { id: 'bread', name: 'Rye bread', cents: 420 },
  { id: 'butter', name: 'Salted butter', cents: 310 },
  { id: 'honey', name: 'Lime honey', cents: 890 },
  { id: 'apples', name: 'Apples, 1 kg', cents: 350 },
  { id: 'tea', name: 'Darjeeling tea', cents: 720 },
  { id: 'coffee', name: 'Coffee beans', cents: 1150 }
]

export function findProduct(id: string): Product | undefined {
  return products.find((product) => product.id === id)
}

export function price(cents: number): string {
  return euros.format(cents / 100)
}

const euros = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })
