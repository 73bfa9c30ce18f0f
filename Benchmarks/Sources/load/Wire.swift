/// The serializers, with their numbers in RawSocket.
enum Wire: UInt8 {
    case json = 1
    case msgpack = 2
    case cbor = 3
}
