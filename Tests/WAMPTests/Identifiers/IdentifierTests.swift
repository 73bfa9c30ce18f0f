import Testing

@testable import WAMP

@Suite struct IdentifierTests {
    @Test(arguments: [1, 2, 9_007_199_254_740_992] as [Int64])
    func takesIDs(number: Int64) {
        #expect(SessionID(number)?.rawValue == number)
        #expect(RequestID(number)?.description == String(number))
    }

    @Test(arguments: [0, -1, 9_007_199_254_740_993, .max, .min] as [Int64])
    func refusesOthers(number: Int64) {
        #expect(SessionID(number) == nil)
        #expect(RequestID(number) == nil)
        #expect(RegistrationID(number) == nil)
        #expect(SubscriptionID(number) == nil)
        #expect(PublicationID(number) == nil)
    }
}
