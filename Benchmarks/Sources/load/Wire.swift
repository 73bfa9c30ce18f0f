/// How messages are written, by RawSocket's numbers.
enum Wire: UInt8 {
    case json = 1
    case msgpack = 2
    case cbor = 3
}
