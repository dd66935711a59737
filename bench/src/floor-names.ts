/** Of the two hand-written subjects, the simpler one first. */
export const plainFloor = 'floor: HMAC, Map, JSON'
export const sameFloor = 'floor: our cryptography, our store'

export const floorNames: readonly string[] = [plainFloor, sameFloor]
export const redisFloor = 'floor: HMAC, GET, SET, JSON'
