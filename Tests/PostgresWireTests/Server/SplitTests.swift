import NIOCore
import PostgresClientEnd
import Testing

@testable import PostgresWire

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite("However the octets arrive")
struct SplitTests {
    /// What a server made from octets.
    private struct Outcome: Equatable {
        let output: ByteBuffer
        let queries: [String]
        let end: WireEnd?

        init(_ server: TestServer) {
            self.output = server.output
            self.queries = server.queries
            self.end = server.end
        }
    }

    private static let limits = WireLimits(query: 200)

    private static let rest: [UInt8] =
        ClientEnd.query(#"{"call": "é😀"}"#) + ClientEnd.query("") + ClientEnd.message("P", [0, 0])
        + ClientEnd.message("H") + ClientEnd.message("S") + ClientEnd.query(String(repeating: "y", count: 300))
        + ClientEnd.query("set client_encoding to 'UTF8'") + ClientEnd.message("Q", [0x80, 0])
        + ClientEnd.message("F") + ClientEnd.query("last") + ClientEnd.message("X")

    private func outcome(_ parts: [ArraySlice<UInt8>]) throws -> Outcome {
        let server = try TestServer(limits: Self.limits)
        for part in parts { server.receive(Array(part)) }
        return Outcome(server)
    }

    @Test("every split point gives the same result")
    func splits() throws {
        let bytes = try TestServer.conversation(Self.rest)
        let whole = try self.outcome([bytes[...]])
        #expect(whole.queries == [#"{"call": "é😀"}"#, "last"])
        #expect(whole.end == .terminated)
        for place in 0...bytes.count {
            #expect(try self.outcome([bytes[..<place], bytes[place...]]) == whole, "at \(place)")
        }
        #expect(try self.outcome(bytes.indices.map { bytes[$0...$0] }) == whole)
    }

    @Test(
        "damaged octets: no trap, the same for every split, and never a query without the password",
        arguments: [1, 2, 3])
    func damaged(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let good = try TestServer.conversation(Self.rest)
        let opening = try TestServer.conversation([]).count
        var ends = 0
        for _ in 0..<400 {
            var bytes = good
            let isEarly = Bool.random(using: &generator)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let places = isEarly ? 0..<min(opening, bytes.count) : 0..<bytes.count
                let place = Int.random(in: places, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 2: bytes.remove(at: place)
                case 3: bytes.insert(UInt8.random(in: .min ... .max, using: &generator), at: place)
                default: bytes.removeSubrange(place..<min(place + 7, bytes.count))
                }
            }
            let server = try TestServer(limits: Self.limits)
            server.receive(bytes)
            let whole = Outcome(server)
            if !server.isAuthenticated { #expect(server.queries.isEmpty) }
            if whole.end != nil { ends += 1 }
            #expect(!server.types.contains("?"))
            let place = Int.random(in: 0...bytes.count, using: &generator)
            #expect(try self.outcome([bytes[..<place], bytes[place...]]) == whole)
        }
        // The damage must be gentle enough to reach more than the first check, and great enough to matter.
        #expect(ends > 200)
    }

    @Test("noise", arguments: [4, 5])
    func noise(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let count = Int.random(in: 0...60, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let server = try TestServer.ready(limits: Self.limits)
            server.receive(bytes)
            let fresh = try TestServer(limits: Self.limits)
            fresh.receive(bytes)
            #expect(fresh.queries.isEmpty)
        }
    }
}
