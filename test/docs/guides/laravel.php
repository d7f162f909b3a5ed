<?php
// Stands in for Laravel, of which the guide uses this much: routes and jobs are called without it.
namespace Illuminate\Http {
    final class Request
    {
        public function __construct(private ?object $user) {}

        public function user(): ?object
        {
            return $this->user;
        }
    }
}

namespace Illuminate\Support\Facades {
    final class Route
    {
        public static array $routes = [];

        public static function get(string $path, \Closure $handle): void
        {
            self::$routes[$path] = $handle;
        }
    }
}

namespace Illuminate\Contracts\Queue {
    interface ShouldQueue {}
}

namespace Illuminate\Foundation\Queue {
    trait Queueable {}
}

namespace App\Models {
    final class Order
    {
        public int $id = 42;
        public int $user_id = 7;
    }
}

namespace {
    final class Aborted extends Exception {}

    final class Answer
    {
        public array $headers = [];

        public function __construct(public string $text) {}

        public function withHeaders(array $headers): self
        {
            $this->headers = $headers;
            return $this;
        }
    }

    function abort_unless(bool $condition, int $status): void
    {
        $condition || throw new Aborted('', $status);
    }

    function response(string $text): Answer
    {
        return new Answer($text);
    }

    require 'app/bellhop.php';
    require 'routes/web.php';
    require 'app/Jobs/OrderShippedPush.php';

    $visit = fn(?object $user) => Illuminate\Support\Facades\Route::$routes['/push-token'](
        new Illuminate\Http\Request($user),
    );
    try {
        $visit(null);
        $stranger = 200;
    } catch (Aborted $aborted) {
        $stranger = $aborted->getCode();
    }
    $token = $visit((object) ['id' => 7]);
    (new App\Jobs\OrderShippedPush(new App\Models\Order()))->handle();
    (new App\Jobs\OrderShippedPush(new App\Models\Order()))->handle();
    echo json_encode([
        'stranger' => $stranger,
        'token' => $token->text,
        'token_type' => $token->headers['Content-Type'],
        'cache' => $token->headers['Cache-Control'],
    ]);
}
