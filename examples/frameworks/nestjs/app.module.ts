import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Session as CoreSession } from '@kvsession/core'
import {
  type ArgumentsHost,
  Body,
  type CanActivate,
  Catch,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  HttpException,
  HttpStatus,
  Inject,
  Module,
  Post,
  Req,
  Session,
  Sse,
  StreamableFile,
  UnauthorizedException,
  UseGuards
} from '@nestjs/common'
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core'
import { from, map, type Observable } from 'rxjs'

export interface Cart {
  items?: string[]
  streamed?: boolean
}

/** `getSession` of `@kvsession/express` or `@kvsession/fastify`. An application for one of them imports it instead. */
export type GetSession = (request: object) => CoreSession<Cart>
const GET_SESSION = Symbol('getSession')

class UserGuard implements CanActivate {
  readonly #getSession: GetSession

  constructor(@Inject(GET_SESSION) getSession: GetSession) {
    this.#getSession = getSession
  }

  canActivate(context: ExecutionContext): boolean {
    const { userId } = this.#getSession(context.switchToHttp().getRequest())
    if (userId === undefined) throw new UnauthorizedException()
    return true
  }
}

@Controller()
class ShopController {
  readonly #getSession: GetSession

  constructor(@Inject(GET_SESSION) getSession: GetSession) {
    this.#getSession = getSession
  }

  @Post('login')
  async login(@Req() request: object, @Body('user') user: string): Promise<object> {
    await this.#getSession(request).login(user, { keepData: ['items'] })
    return { ok: true }
  }

  @Post('items')
  async addItem(@Req() request: object, @Body('item') item: string): Promise<object> {
    await this.#getSession(request).update((data) => {
      data.items = [...(data.items ?? []), item]
    })
    return { ok: true }
  }

  /** `@Session()` is the data of the same session. */
  @Get('session')
  read(@Req() request: object, @Session() { items = [], streamed = false }: Cart): object {
    return { user: this.#getSession(request).userId ?? null, items, streamed }
  }

  @Post('clear')
  clear(@Session() session: Cart): object {
    session.items = []
    return { ok: true }
  }

  @Get('account')
  @UseGuards(UserGuard)
  account(@Req() request: object): object {
    return { user: this.#getSession(request).userId }
  }

  @Get('stream')
  stream(@Session() session: Cart): StreamableFile {
    return new StreamableFile(Readable.from(chunks(session), { objectMode: false }))
  }

  @Sse('events')
  @UseGuards(UserGuard)
  events(@Session() session: Cart): Observable<{ data: string }> {
    return from(chunks(session)).pipe(map((data) => ({ data })))
  }

  @Post('fail')
  async fail(@Req() request: object): Promise<never> {
    await this.#getSession(request).login('bob')
    throw new PaymentError('This route fails after the login')
  }
}

async function* chunks(session: Cart): AsyncGenerator<string> {
  yield 'first\n'
  await sleep(10)
  session.streamed = true
  yield 'last\n'
}

class PaymentError extends Error {}

@Catch(PaymentError)
class PaymentFilter extends BaseExceptionFilter {
  override catch({ message }: PaymentError, host: ArgumentsHost): void {
    super.catch(new HttpException(message, HttpStatus.PAYMENT_REQUIRED), host)
  }
}

@Module({ controllers: [ShopController], providers: [{ provide: APP_FILTER, useClass: PaymentFilter }] })
class AppModule {}

export function createAppModule(getSession: GetSession): DynamicModule {
  return { module: AppModule, providers: [{ provide: GET_SESSION, useValue: getSession }] }
}
