/**
 * The prototype that all requests, or all responses, of Express share, below the prototypes of the applications: an
 * application may pass its requests to another one that it does not mount, as virtual hosts do. A definition on that
 * prototype costs nothing per request. `undefined` if the server is not Express.
 */
export function frameworkPrototype(message: object): object | undefined {
  let prototype: unknown = Object.getPrototypeOf(message)
  if (!isObject(prototype) || !Object.hasOwn(prototype, 'app')) return undefined
  while (isObject(prototype) && Object.hasOwn(prototype, 'app')) prototype = Object.getPrototypeOf(prototype)
  // Node's own has a constructor.
  return isObject(prototype) && !Object.hasOwn(prototype, 'constructor') ? prototype : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
