import Names
import Testing

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            (-1, "0 ms"), (0, "0 ms"), (90_000, "0 ms"), (100_000, "0.1 ms"), (4_000_000, "4 ms"),
            (9_990_000, "9.9 ms"),
            (10_000_000, "10 ms"), (250_900_000, "250 ms"), (999_999_999, "999 ms"), (1_000_000_000, "1 s"),
            (1_560_000_000, "1.5 s"), (4_000_000_000, "4 s"), (10_900_000_000, "10 s"), (59_999_999_999, "59 s"),
            (60_000_000_000, "1 min"), (125_000_000_000, "2 min 5 s"), (3_600_000_000_000, "1 h"),
            (11_520_000_000_000, "3 h 12 min"), (86_400_000_000_000, "1 d"), (93_600_000_000_000, "1 d 2 h"),
            (Int64.max, "106751 d 23 h"),
        ] as [(Int64, String)])
    func saysIt(_ nanoseconds: Int64, _ expected: String) {
        #expect("\(DurationText(nanoseconds: nanoseconds))" == expected)
    }
}
