import Names
import TestChecks
import Testing

@testable import Outbox

@Suite("The topic of the row before")
struct RecentTopicTests {
    private func took(_ topics: [String]) -> [(String, Result<URI, URIError>)] {
        var recent = RecentTopic()
        return topics.map { topic in
            Array(topic.utf8).withUnsafeBytes { recent.take($0) }
            return (recent.text, recent.uri)
        }
    }

    @Test("Each row has its own topic, whichever came before")
    func eachHasItsOwn() throws {
        let topics = ["com.example.a", "com.example.a", "com.example.b", "com.example.a", "com.example.aa"]
        for (topic, (text, uri)) in zip(topics, self.took(topics)) {
            check(text, topic)
            check(uri, .success(try URI(topic)))
        }
    }

    @Test("Topics that look the same are not")
    func areComparedAsOctets() throws {
        let topics = ["com.example.\u{E9}", "com.example.e\u{301}", "com.example.\u{E9}"]
        for (topic, (text, uri)) in zip(topics, self.took(topics)) {
            check(Array(text.utf8), Array(topic.utf8))
            check(uri, .success(try URI(topic)))
        }
    }

    @Test("A fault is that of its row")
    func faults() throws {
        let answers = self.took(["", "com..a", "com..a", "com.a", ""]).map(\.1)
        check(
            answers,
            [
                .failure(.empty), .failure(.emptyComponent), .failure(.emptyComponent), .success(try URI("com.a")),
                .failure(.empty),
            ])
    }
}
