import Names
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [(0, "0 procedures"), (1, "1 procedure"), (2, "2 procedures"), (11, "11 procedures")])
    func nounsAgree(_ count: Int, _ text: String) {
        #expect("\(Quantity(count, "procedure"))" == text)
    }
}
